import utime
import ubinascii

utime.sleep(1)
print(ubinascii.hexlify(b"a"))
