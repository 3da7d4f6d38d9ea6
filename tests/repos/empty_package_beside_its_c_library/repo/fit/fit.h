double best(double x);
