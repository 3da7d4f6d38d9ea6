#include <cstdio>
int main() { std::printf("3\n"); return 0; }
