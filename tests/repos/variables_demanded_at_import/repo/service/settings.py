import os

BROKER = os.environ["QUEUE_BROKER_URL"]
WORKERS = int(os.getenv("QUEUE_WORKERS", "2"))


def key():
    return os.environ["MAIL_API_KEY"]


os.environ["QUEUE_STARTED"] = "1"
