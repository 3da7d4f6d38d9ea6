import sys
import urlparse

print(urlparse.urlsplit(sys.argv[1]).netloc)
