import math

PERIOD_H = 12.42


def height(hours: float) -> float:
    return math.cos(2 * math.pi * hours / PERIOD_H)


if __name__ == '__main__':
    pass
