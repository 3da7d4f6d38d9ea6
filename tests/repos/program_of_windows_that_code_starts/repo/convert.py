import subprocess
import sys

if __name__ == "__main__":
    if sys.platform == "win32":
        subprocess.run(["convert.exe", "waves.tif"])
    else:
        subprocess.run(["convert", "waves.tif"])
