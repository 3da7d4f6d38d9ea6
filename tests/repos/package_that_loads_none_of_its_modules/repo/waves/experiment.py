from waves.curves import curve

for value in curve(range(100_000)):
    print(value, "and all the work of an experiment")
