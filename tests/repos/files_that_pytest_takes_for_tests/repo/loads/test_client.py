import sys

print("sends", sys.argv[1:])
