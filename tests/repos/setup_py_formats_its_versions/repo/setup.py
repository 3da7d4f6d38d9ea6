from setuptools import setup

TORCH = "1.7.1"

setup(
    name="orbit",
    install_requires=[
        "torch=={}".format(TORCH),
        "torchvision>={0}".format("0.8"),
        "numpy>=%s" % "1.16",
        f"scipy>={1}.{4}",
        "odd{{}}=={}".format(TORCH),
    ],
)
