from actions import ask

import waves

print(ask.go(), waves.HEIGHT)
