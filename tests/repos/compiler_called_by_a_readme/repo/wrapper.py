import subprocess

print(subprocess.check_output(["./neighbours", "sample.txt"]))
