from model import build

try:
    import cplex
except ImportError:
    cplex = None

print(build(), cplex)
