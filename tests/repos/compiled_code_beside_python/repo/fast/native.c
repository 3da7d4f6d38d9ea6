#include <math.h>
#include <Python.h>
