#!/home/me/work/env/bin/python3.6
import distlib
print "moved"
