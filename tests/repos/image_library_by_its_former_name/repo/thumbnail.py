"""Draws a frame and prints its size."""

import Image
import ImageDraw

frame = Image.new("L", (8, 6))
ImageDraw.Draw(frame).rectangle((1, 1, 6, 4), outline=255)
print(frame.size)
