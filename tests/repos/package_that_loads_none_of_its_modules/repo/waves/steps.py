def height(step):
    """Return the height of a step of the wave."""
    return 2 * step
