#include "mesh.h"

#include <cmath>

double Mesh::energy() const { return std::sqrt(static_cast<double>(size_)); }
