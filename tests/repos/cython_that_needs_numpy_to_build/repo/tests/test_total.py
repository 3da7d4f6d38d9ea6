import unittest

import numpy

import fastsum


class Total(unittest.TestCase):
    def test_total(self):
        self.assertEqual(fastsum.total(numpy.ones(7)), 7.0)
