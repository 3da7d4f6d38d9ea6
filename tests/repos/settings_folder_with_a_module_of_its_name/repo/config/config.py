import os

LEVEL = os.environ.get("LEVEL", "INFO")
