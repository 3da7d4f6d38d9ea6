import matlab.engine

print(matlab.engine.start_matlab())
