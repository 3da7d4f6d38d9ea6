"""Writes lengths of time for people."""


def in_time(seconds: float) -> str:
    """Return `12.3 s`, `4 min 05 s` or `2 h 07 min`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
