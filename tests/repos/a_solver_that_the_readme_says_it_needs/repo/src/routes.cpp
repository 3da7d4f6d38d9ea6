#include <ilcplex/ilocplex.h>

int main() {
  IloEnv env;
  return 0;
}
