#include <cmath>
#include "tree.h"

int nearest(const double* points, int count, double to) {
    int best = 0;
    for (int i = 1; i < count; i++)
        if (std::fabs(points[i] - to) < std::fabs(points[best] - to)) best = i;
    return best;
}
