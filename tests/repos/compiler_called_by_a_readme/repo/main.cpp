#include <cstdio>
#include "tree.h"

int main(int argc, char** argv) {
    if (argc != 2) { std::fprintf(stderr, "usage: neighbours FILE\n"); return 2; }
    std::FILE* file = std::fopen(argv[1], "r");
    if (file == nullptr) { std::perror(argv[1]); return 1; }
    double points[100];
    int count = 0;
    while (count < 100 && std::fscanf(file, "%lf", &points[count]) == 1) count++;
    std::printf("%d\n", nearest(points, count, 0.5));
    std::fclose(file);
    return 0;
}
