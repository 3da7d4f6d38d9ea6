import subprocess


def run(name):
    subprocess.run(rf"waves.bat {name} -n 4", shell=True, check=True)


if __name__ == "__main__":
    run("north")
