cimport numpy as cnp

cnp.import_array()


def total(cnp.ndarray[cnp.float64_t, ndim=1] values):
    cdef double found = 0
    cdef Py_ssize_t index
    for index in range(values.shape[0]):
        found += values[index]
    return found
