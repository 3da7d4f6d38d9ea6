#include <ilcplex/cplex.h>

int main() { return 0; }
