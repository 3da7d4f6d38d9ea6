"""Holds paper2run/data/import_names.json against the index: does each distribution contain its module?

`python benchmarks/refresh_import_names.py yaml cv2` checks those modules, `--all` the whole table (one page
and the end of one archive per distribution; ask rarely). Pairs that hold get today's date under `checked`;
the others are printed, and a person decides. Nothing is installed or run.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.settings import Settings
from tasks.drivers.index.package_index import PackageIndex
from tasks.drivers.index.wheel_contents import modules_in

TABLE: Final = Path(__file__).parents[1] / "paper2run" / "data" / "import_names.json"


def main() -> int:
    """Check the modules named on the command line and write the dates; return the number of wrong pairs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", help="import names, as the table has them")
    parser.add_argument("--all", action="store_true", help="check the whole table")
    arguments = parser.parse_args()
    table = json.loads(TABLE.read_text("utf-8"))
    wanted = list(table["modules"]) if arguments.all else arguments.modules
    if not wanted:
        parser.error("name modules, or give --all")
    unknown = sorted(set(wanted) - set(table["modules"]))
    if unknown:
        parser.error(f"not in the table: {', '.join(unknown)}")
    today = datetime.now(UTC).date().isoformat()
    settings = Settings()
    wrong = 0
    with PackageIndex(settings, settings.home / "index") as index:
        for module in wanted:
            for distribution in table["modules"][module]:
                found = modules_in(index, distribution, settings.home / "index")
                if found and any(name == module or name.startswith(f"{module}.") for name in found):
                    table["checked"][f"{module} {canonicalize_name(distribution)}"] = today
                else:
                    wrong += 1
                    print(
                        f"{module}: {distribution} has {', '.join(found[:8]) if found else 'nothing'}"
                    )
    if arguments.all:
        table["refreshed"] = today
    table["checked"] = dict(sorted(table["checked"].items()))
    TABLE.write_text(_text(table), "utf-8")
    print(f"{len(wanted)} modules checked, {wrong} pairs do not hold")
    return wrong


def _text(table: dict[str, object]) -> str:
    """Return the table as JSON with one entry per line."""
    parts = []
    for key, value in table.items():
        if isinstance(value, dict):
            lines = ",\n".join(
                f"  {json.dumps(name)}: {json.dumps(inner)}" for name, inner in value.items()
            )
            parts.append(f" {json.dumps(key)}: {{\n{lines}\n }}")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
