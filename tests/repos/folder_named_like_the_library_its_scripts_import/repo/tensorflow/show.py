import urllib2


def show(page: str) -> None:
    print(f"{urllib2} {page}")
