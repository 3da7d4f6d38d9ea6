#include <ilcplex/ilocplex.h>

int solve();
