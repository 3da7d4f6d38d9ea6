"""Tones by name."""
import os

RATE = int(os.environ["TONEBANK_RATE"])
