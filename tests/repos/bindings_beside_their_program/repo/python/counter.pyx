cdef extern from "lines.h":
    long count_lines(const char *path, int unique)


def count(path, unique=False):
    return count_lines(path.encode(), 1 if unique else 0)
