import sys

from streams.names import shown

if __name__ == "__main__":
    print(shown(sys.platform))
