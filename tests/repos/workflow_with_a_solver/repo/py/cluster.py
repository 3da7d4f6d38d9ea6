from gurobipy import Model

print(Model("clusters"))
