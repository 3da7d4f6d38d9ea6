import unittest


class TestIt(unittest.TestCase):
    pass
