from waves._C import height  # noqa: F401
