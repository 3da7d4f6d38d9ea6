import BoltzTraP2

print(BoltzTraP2.__name__)
