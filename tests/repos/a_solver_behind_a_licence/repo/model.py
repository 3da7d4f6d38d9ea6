import gurobipy


def build():
    return gurobipy.Model()
