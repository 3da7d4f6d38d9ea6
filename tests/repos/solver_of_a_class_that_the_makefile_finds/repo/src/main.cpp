#include "model.h"

int main() { return solve(); }
