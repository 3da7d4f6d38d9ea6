import numpy

seed = 7
rows = numpy.loadtxt(r".csv")
kept = rows.reshape(-1, training size, 1)
print(kept)
