int overlaps(int a, int b) { return a & b; }
