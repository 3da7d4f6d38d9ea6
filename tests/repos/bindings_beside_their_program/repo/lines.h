long count_lines(const char *path, int unique);
