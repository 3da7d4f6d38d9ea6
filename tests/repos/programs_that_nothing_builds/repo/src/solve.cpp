#include <cstdio>

#include "grid/mesh.h"

int main(int argc, char *argv[])
{
    std::printf("energy %.3f\n", Mesh(argc + 7).energy());
    return 0;
}
