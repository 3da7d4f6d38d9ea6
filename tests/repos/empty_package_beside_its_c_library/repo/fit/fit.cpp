double best(double x) { return x * x; }
