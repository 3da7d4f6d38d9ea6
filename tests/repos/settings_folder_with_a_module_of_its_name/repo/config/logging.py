from config.config import LEVEL

FORMAT = f"{LEVEL}: %(message)s"
