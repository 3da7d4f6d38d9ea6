int nearest(const double* points, int count, double to);
