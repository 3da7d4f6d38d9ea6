import argparse


def main():
    parser = argparse.ArgumentParser()
    for name in ("--input", "--output", "--length"):
        parser.add_argument(name)
    chosen = parser.parse_args()
    with open(chosen.input) as source, open(chosen.output, "w") as target:
        target.write(source.read())
