import sys

if len(sys.argv) < 3:
    sys.exit("usage")
print(sys.argv[1], sys.argv[2])
