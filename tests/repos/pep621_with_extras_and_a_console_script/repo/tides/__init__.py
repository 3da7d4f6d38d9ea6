from tides.levels import level

__all__ = ["level"]
