from waves.steps import height


def curve(steps):
    """Return the heights of all steps."""
    return [height(step) for step in steps]
