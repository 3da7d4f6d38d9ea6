import wave.solver
