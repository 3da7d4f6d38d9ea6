"""conda's channels and their solver."""
