"""Writes paper2run/data/stdlib_modules.json: the top-level modules of each version of Python.

Run it with the interpreters to ask, oldest first: `python benchmarks/refresh_stdlib_modules.py
python2.7 python3.6 … python3.13`.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

TARGET: Final = Path(__file__).parents[1] / "paper2run" / "data" / "stdlib_modules.json"
OTHER_PLATFORMS: Final = (
    "_winreg",
    "winreg",
    "msvcrt",
    "winsound",
    "_msi",
    "msilib",
    "nt",
    "MacOS",
    "Carbon",
)
"""Modules of Windows and macOS that a folder listing on Linux does not show."""
ASK: Final = """
import os, sys, sysconfig
names = set(sys.builtin_module_names) | set(getattr(sys, "stdlib_module_names", ()))
lib = sysconfig.get_path("stdlib")
for folder in (lib, os.path.join(lib, "lib-dynload"), os.path.join(lib, "lib-tk")):
    for entry in os.listdir(folder) if os.path.isdir(folder) else ():
        path = os.path.join(folder, entry)
        if entry.endswith((".py", ".so")):
            names.add(entry.split(".")[0].replace("module", "") if entry.endswith("module.so") else entry.split(".")[0])
        elif os.path.isfile(os.path.join(path, "__init__.py")):
            names.add(entry)
print("%d.%d" % sys.version_info[:2])
print(" ".join(sorted(name for name in names if name not in ("site-packages", "__init__"))))
"""
TIMEOUT_S: Final = 60


def main(interpreters: list[str]) -> None:
    """Ask each interpreter and write first and last version of every module."""
    spans: dict[str, list[str]] = {}
    for interpreter in interpreters:
        run = subprocess.run(
            [interpreter, "-c", ASK], capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
        version, names = run.stdout.splitlines()
        for name in names.split():
            spans.setdefault(name, [version, version])[1] = version
    oldest, newest = (min(spans.values(), key=_oldest)[0], version)
    for name in OTHER_PLATFORMS:
        spans.setdefault(name, [oldest, newest])
    document = {
        "refreshed": datetime.now(UTC).date().isoformat(),
        "versions": f"{oldest} to {newest}",
        "modules": dict(sorted(spans.items())),
    }
    TARGET.write_text(json.dumps(document, indent=0) + "\n")
    print(f"{len(spans)} modules of Python {oldest} to {newest} in {TARGET.name}")


def _oldest(span: list[str]) -> tuple[int, ...]:
    return tuple(int(part) for part in span[0].split("."))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
