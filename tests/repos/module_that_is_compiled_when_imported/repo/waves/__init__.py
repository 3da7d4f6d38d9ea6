import waves.cc
