import doctest

doctest.testmod()
