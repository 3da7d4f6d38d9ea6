import unittest


class TestIt(unittest.TestCase):
    def test_it(self):
        self.assertTrue(1)
