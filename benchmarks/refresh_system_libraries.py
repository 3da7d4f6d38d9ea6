"""Checks paper2run/data/system_libraries.json against Debian, in a container of the plans' image.

`python benchmarks/refresh_system_libraries.py` asks apt for every package of the table and looks
into the package for the file that the table names (a minute; it downloads packages and installs
none). Metapackages, which hold no file of their own, only have to exist. If all entries hold, it
writes today's date; it prints those that do not.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).parents[1] / "paper2run" / "data" / "system_libraries.json"
IMAGE: Final = "python:3.11-slim"
TIMEOUT_S: Final = 1800

PROGRAM: Final = r"""
set -e
. /etc/os-release
echo "suite $VERSION_CODENAME"
apt-get update -qq >&2
cd /tmp
for pair in $PACKAGES; do
  package="${pair%%=*}" file="${pair#*=}"
  if ! apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then continue; fi
  if [ -n "$file" ]; then
    rm -f ./*.deb
    apt-get download -qq "$package" >&2
    dpkg-deb --contents ./*.deb | grep -E "/$file(\.[0-9.]+)?( |$)" >/dev/null || continue
  fi
  echo "holds $package"
done
"""


def main() -> int:
    """Check the table and write the date if all of it holds; return the number of packages that do not."""
    table = json.loads(TABLE.read_text("utf-8"))
    packages: dict[str, str] = table["packages"]
    answers = _ask(packages)
    missing = sorted(set(packages) - {name for kind, name in answers if kind == "holds"})
    for package in missing:
        print(f"{package}: not there, or without {packages[package]}")
    used = {package for need in table["needs"] for package in need["packages"]}
    unlisted = sorted(used ^ set(packages))
    for package in unlisted:
        print(f"{package}: stands in only one of `packages` and `needs`")
    wrong = len(missing) + len(unlisted)
    if not wrong:
        table["refreshed"] = datetime.now(UTC).date().isoformat()
        table["suite"] = next(name for kind, name in answers if kind == "suite")
        TABLE.write_text(_text(table), "utf-8")
    print(f"{len(packages)} packages checked, {wrong} do not hold")
    return wrong


def _ask(packages: dict[str, str]) -> list[tuple[str, str]]:
    """Return the container's answers as pairs of a word and a name."""
    pairs = " ".join(f"{package}={file.replace('.', '[.]')}" for package, file in packages.items())
    command = ["docker", "run", "--rm", f"--env=PACKAGES={pairs}", IMAGE, "bash", "-c", PROGRAM]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=True)
    answers = (line.partition(" ") for line in done.stdout.splitlines())
    return [(word, name) for word, _, name in answers]


def _text(table: dict[str, object]) -> str:
    """Return the table as JSON with one package and one need per line."""
    parts = []
    for key, value in table.items():
        if isinstance(value, dict):
            pairs = (f"{json.dumps(name)}: {json.dumps(file)}" for name, file in value.items())
            inner = "{\n  " + ",\n  ".join(pairs) + "\n }"
        elif isinstance(value, list):
            inner = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        else:
            inner = json.dumps(value)
        parts.append(f" {json.dumps(key)}: {inner}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
