#include <nanobind/nanobind.h>
NB_MODULE(_angles, m) { m.def("degrees", [](double r) { return r * 57.29577951; }); }
