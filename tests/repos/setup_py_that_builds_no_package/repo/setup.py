import os

FOLDER = "results"


def main():
    """Prepare the folder of results."""
    os.makedirs(FOLDER, exist_ok=True)


if __name__ == "__main__":
    main()
