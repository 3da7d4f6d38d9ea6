#include <Python.h>

static struct PyModuleDef core = {PyModuleDef_HEAD_INIT, "core", NULL, -1, NULL};

PyMODINIT_FUNC PyInit_core(void) { return PyModule_Create(&core); }
