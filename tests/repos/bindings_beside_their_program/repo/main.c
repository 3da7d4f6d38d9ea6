#include <stdio.h>
#include <string.h>
#include "lines.h"

int main(int argc, char **argv)
{
    if (argc < 2) { fprintf(stderr, "Usage: count [-u] FILE\n"); return 1; }
    long count = count_lines(argv[argc - 1], strcmp(argv[1], "-u") == 0);
    printf("%ld\n", count);
    return count < 0;
}
