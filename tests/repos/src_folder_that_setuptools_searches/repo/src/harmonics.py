def high_waters(days):
    return [12.42 * number for number in range(2 * days)]
