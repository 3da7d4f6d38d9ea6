import numpy

from steps import run

if __name__ == "__main__":
    print(run(numpy.zeros(3)))
