"""Tells conda's build folders from folders in which people keep their own projects.

`pip freeze` in a conda environment writes `numpy @ file:///croot/numpy_1701295038894/work`: conda-build works in
`<croot>/<recipe>_<milliseconds>/work`, and the package keeps the address. Forms collected from such files: `/croot`,
`/opt/conda/conda-bld`, `/home/conda/feedstock_root/build_artifacts`, `/tmp/build/80754af9`, `/tmp/abs_…/croots/recipe`,
`/opt/concourse/worker/volumes/live/…`, `/work/ci_py311`, `/private/var/folders/…/croot`, `C:/b/abs_…/croot`, `D:/bld`.
"""

import re
from typing import Final
from urllib.parse import unquote

BUILD_FOLDER: Final = re.compile(r"/[^/]+_\d{10,13}(?=/|$)")
"""What conda-build calls each build's folder; `C:/ci` and old runners of conda-forge leave the `work` below it out."""
HOME: Final = re.compile(r"^/(?:[a-z]:/)?(?:home|users)/([^/]+)/|^/(root)/", re.IGNORECASE)
BUILDERS: Final = re.compile(
    r"builde(?:r|~1)|cbousseau|conda|dev-admin|ec2-user|ktietz|linux1|runner|task_\d+",
    re.IGNORECASE,
)
"""Homes of those who build for conda's public channels; in any other home it is a package of somebody's own."""


def is_conda_build(url: str) -> bool:
    """Whether a `file:` address is where a package of conda's public channels was built."""
    path = unquote(url.removeprefix("file:")).replace("\\", "/")
    path = f"/{path.lstrip('/')}"
    home = HOME.match(path)
    if home is not None and not (home[1] and BUILDERS.fullmatch(home[1])):
        return False
    return BUILD_FOLDER.search(path) is not None
