import tides


def main():
    """Draws one day."""
    pass


def draw():
    print([tides.height(hour) for hour in range(24)])


if __name__ == "__main__":
    main()
