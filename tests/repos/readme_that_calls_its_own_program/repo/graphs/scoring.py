import sys

if __name__ == "__main__":
    print(open(sys.argv[2]).read())
