def spelled(station):
    return station.title()
