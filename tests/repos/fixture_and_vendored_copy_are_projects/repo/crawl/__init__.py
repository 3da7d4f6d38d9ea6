import requests


def status(url: str) -> int:
    return requests.get(url).status_code
