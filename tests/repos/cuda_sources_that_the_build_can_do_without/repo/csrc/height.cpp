#include <torch/extension.h>
int height() { return 1; }
PYBIND11_MODULE(_C, m) { m.def("height", &height); }
