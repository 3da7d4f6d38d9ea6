from exceptions import MyError

if __name__ == "__main__":
    raise MyError(f"{__name__}")
