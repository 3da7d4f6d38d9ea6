import wave
import plotting
