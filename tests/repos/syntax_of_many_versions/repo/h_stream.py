import sys

print >>sys.stderr, "one"
