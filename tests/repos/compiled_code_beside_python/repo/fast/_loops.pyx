cdef int f(): return 1
