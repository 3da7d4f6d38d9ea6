"""Estimate Feigenbaum's constants from the superstable cycles of the logistic map.

    python estimate.py --levels 11
"""

import argparse
import json

from logistic import alpha, delta, exponent, superstable


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--levels", type=int, default=11, help="number of period doublings")
    parser.add_argument("--steps", type=int, default=5000, help="orbit length for the exponent")
    parser.add_argument("--json", metavar="FILE", help="also write the numbers to FILE")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    parameters = superstable(arguments.levels)
    deltas, alphas = delta(parameters), alpha(parameters)

    print(" n  R_n               delta_n    alpha_n")
    for n in range(2, len(parameters)):
        print(f"{n:2d}  {parameters[n]:.13f}   {deltas[n - 2]:.6f}  {alphas[n - 2]:.6f}")

    chaos = exponent(4.0, steps=arguments.steps)
    print(f"delta = {deltas[-1]:.4f}")
    print(f"alpha = {alphas[-1]:.4f}")
    print(f"lyapunov(r=4) = {chaos:.4f}")

    if arguments.json:
        numbers = {"delta": deltas[-1], "alpha": alphas[-1], "lyapunov": chaos}
        with open(arguments.json, "w") as out:
            json.dump(numbers, out, indent=2)


if __name__ == "__main__":
    main()
