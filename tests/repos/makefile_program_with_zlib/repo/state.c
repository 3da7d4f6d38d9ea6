#include "state.h"

void be_loud(void) { verbose = 1; }
