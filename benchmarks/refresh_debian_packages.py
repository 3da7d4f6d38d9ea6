"""Checks data/debian_headers.json and debian_r.json against Debian bookworm, in its container.

`python benchmarks/refresh_debian_packages.py [HEADER …]` installs every package that the header
table names (about 2 GB, ten minutes; with arguments, only those of the named headers) and looks
each header up where a compiler would. It writes the headers of the compilers and the C library, the
names of Debian's R packages, and the day. It prints and drops entries that do not hold.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parents[1] / "paper2run" / "data"
IMAGE: Final = "debian:bookworm-slim"
TIMEOUT_S: Final = 3600
ALWAYS: Final = ("gcc", "g++", "libc6-dev")
"""What compiles C and C++; the headers of these and of what they depend on are standard."""
STANDARD_PACKAGES: Final = "libc6-dev linux-libc-dev libcrypt-dev libgcc-12-dev libstdc++-12-dev"

PROGRAM: Final = r"""
set -e
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -qq --no-install-recommends "$@" >&2; }
apt-get update -qq >&2
apt-cache pkgnames r-cran- | sed 's/^/R /'
apt-cache pkgnames r-bioc- | sed 's/^/R /'
install $ALWAYS
own="$(echo | g++ -E -Wp,-v -x c++ - 2>&1 | grep '^ /' | tr '\n' ' ')"
root='(include/x86_64-linux-gnu|lib/gcc/x86_64-linux-gnu/12/include|include/c\+\+/12|include)'
dpkg -L $STANDARD | sed -nE "s,^/usr/$root/,S ,p"
# One by one, for some exclude each other; each header is looked up while its packages are there.
for pair in $HEADERS; do
  header="${pair%%=*}"
  install $(echo "${pair#*=}" | tr ',' ' ') || continue
  for folder in $own $FOLDERS; do
    if ls -d "$folder/$header"* >/dev/null 2>&1; then echo "H $header"; break; fi
  done
done
"""


def main() -> int:
    """Check the table, write both files; return the number of entries that do not hold."""
    path = DATA / "debian_headers.json"
    table = json.loads(path.read_text("utf-8"))
    headers: dict[str, list[str]] = table["headers"]
    asked = {name: headers[name] for name in sys.argv[1:] or headers}
    answers = _ask(asked, table["include_folders"].values())
    found = {answer for kind, answer in answers if kind == "H"}
    missing = sorted(set(asked) - found)
    for header in missing:
        print(f"{header}: not in {', '.join(headers[header])}")
    standard = {answer for kind, answer in answers if kind == "S"}
    today = datetime.now(UTC).date().isoformat()
    kept = {name: packages for name, packages in sorted(headers.items()) if name not in missing}
    fresh = {
        "refreshed": table["refreshed"] if sys.argv[1:] else today,
        "headers": kept,
        "include_folders": table["include_folders"],
        "standard": sorted({_standard(name) for name in standard}),
    }
    path.write_text(json.dumps(fresh, indent=1) + "\n", "utf-8")
    names = sorted({answer for kind, answer in answers if kind == "R"})
    r_file = {"refreshed": today, "packages": names}
    (DATA / "debian_r.json").write_text(json.dumps(r_file, indent=1) + "\n", "utf-8")
    print(f"{len(kept)} headers hold, {len(missing)} do not; {len(names)} R packages")
    return len(missing)


def _ask(headers: dict[str, list[str]], folders: Iterable[str]) -> list[tuple[str, str]]:
    """Return the container's answers as pairs of their letter and their text."""
    pairs = sorted(headers.items(), key=lambda pair: pair[1])
    values: dict[str, Iterable[str]] = {
        "ALWAYS": ALWAYS,
        "STANDARD": STANDARD_PACKAGES.split(),
        "HEADERS": [f"{header}={','.join(packages)}" for header, packages in pairs],
        "FOLDERS": folders,
    }
    options = [f"--env={name}={' '.join(words)}" for name, words in values.items()]
    command = ["docker", "run", "--rm", *options, IMAGE, "sh", "-c", PROGRAM]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=True)
    answers = (line.partition(" ") for line in done.stdout.splitlines())
    return [(letter, text) for letter, space, text in answers if space]


def _standard(name: str) -> str:
    """Return a header of the root by its name, one in a folder by that folder."""
    folder, slash, _ = name.partition("/")
    return folder + slash


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
