"""Random walks, to be finished."""
import os

STEPS: int = 100
NAMES = ["a", "b"]


class Walks:
    def train(self):
        # to be written
        return os.getcwd()
