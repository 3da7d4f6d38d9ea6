#include <ilcplex/ilocplex.h>
#include "model.h"

int solve() { IloEnv env; return 0; }
