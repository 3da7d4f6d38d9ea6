import os

import asker
import watch


def search():
    return os.environ.get("SEARCH_API_KEY") or "none"


def place():
    return os.environ["MAP_TOKEN"]


if __name__ == "__main__":
    print(asker.ask(place()), search(), watch)
