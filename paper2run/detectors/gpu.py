"""Judges whether the code can do without a GPU; hard only where no way around it is to be seen."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from paper2run.detectors.documented_work import is_used_by_others, shared_by_most
from paper2run.detectors.own_modules import own_names
from paper2run.detectors.side_parts import side_of
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, GpuNeed, GpuSign
from paper2run.model.value import Source
from paper2run.python.python_imports import Imported
from paper2run.python.python_modules import PythonModule, modules_of
from paper2run.python.python_source import Called

NAME: Final = "gpu"

CPU_WAY: Final = re.compile(
    r"is_available\(|map_location|device_count\(|allow_soft_placement|list_physical_devices|is_gpu_available"
    r"|--(?:no[-_]?(?:cuda|gpu)|cpu|device|use[-_]?(?:gpu|cuda)|cuda|disable[-_]cuda)\b"
    r"|\bif\b[^\n]{0,500}?(?:gpu|cuda)|\b(?:use_cuda|use_gpu|to_cpu)\b|['\"]cpu['\"]|\bmx(?:net)?\.(?:context\.)?cpu\("
)
"""What code holds that chooses between CPU and GPU; a mere `--gpu 0` chooses among GPUs."""
TO_GPU: Final = frozenset({"to_gpu", "get_device_from_id"})
"""Chainer's names for what torch calls `.cuda()`."""
CUDA_DEVICE: Final = re.compile(r"cuda(?::\d+)?")
GPU_MODULES: Final = frozenset(
    {"cupy", "pycuda", "cudf", "cuml", "cugraph", "tensorrt", "skcuda", "flash_attn", "tinycudann", "nvdiffrast",
     "diff_gaussian_rasterization", "simple_knn"}
)  # fmt: skip
"""Libraries that do nothing without CUDA."""
CUDA_TO_IMPORT: Final = GPU_MODULES - {"cupy", "skcuda", "tensorrt"}
"""Those whose very import fails without CUDA, whatever else the code chooses."""
CODE: Final = ("*.py", "*.cu", "*.cc", "*.cpp", "*.c", "*.cxx", "*.java", "*.rs", "*.go")
ASIDE: Final = frozenset(
    {"third_party", "thirdparty", "3rdparty", "vendor", "external", "extern", "submodules", "example", "examples",
     "benchmark", "benchmarks", "test", "tests", "docs", "doc", "contrib", "deprecated", "docker"}
)  # fmt: skip
"""Folders whose builds are not that of the leading code, or an option of it."""
GPU_WORDS: Final = re.compile(r"cuda|gpu", re.IGNORECASE)
CMAKE_WANTS: Final = re.compile(
    r"(?i:\b(?:enable_language\s*\(\s*CUDA\b|project\s*\([^)\"]*\sCUDA(?=[\s)])"
    r"|find_package\s*\(\s*CUDA(?:Toolkit)?\b[^)]*\bREQUIRED\b))"
)
"""How CMake is told that it cannot go on without CUDA: https://cmake.org/cmake/help/latest/command/find_package.html"""
CMAKE_BLOCKS: Final = re.compile(r"(?im)^[ \t]*(?:(?P<opens>if)|endif)[ \t]*\(")
CUDA_BUILD: Final = re.compile(
    rf"\bnvcc\b|CUDAExtension|LANGUAGES[^)]*\bCUDA|{CMAKE_WANTS.pattern}"
)
REMARK: Final = re.compile(r"^[ \t]*#.*", re.MULTILINE)
OPTIONAL_BUILD: Final = re.compile(
    r"is_available|CUDA_HOME|FORCE_CUDA|option\(\s*(?:USE|WITH|ENABLE)\w*(?:CUDA|GPU)|WITH_CUDA|USE_CUDA|find_cuda"
    r"|CPU_ONLY|locate_cuda|ifdef|which nvcc(?! *\|)|command -v nvcc"
)
LOCATES_CUDA: Final = re.compile(
    r"^def (?P<name>\w*cuda\w*)\([^\n]*\n(?P<body>(?:[ \t][^\n]*\n|\n)*)",
    re.MULTILINE | re.IGNORECASE,
)
"""A function of a setup script, with its body."""
RAISES: Final = re.compile(r"^[ \t]+raise\b", re.MULTILINE)
COMPILER_NAMED: Final = re.compile(
    r"^[ \t]*(?:export )?(?P<name>\w+)[ \t]*[:?]?=[ \t]*(?:\S*/)?nvcc[ \t]*$", re.MULTILINE
)
MAX_COMPILERS: Final = 10
"""Variables looked at: a build names one or two."""
CUDA: Final = re.compile(r"nvcc|CUDA", re.IGNORECASE)
README_NEED: Final = re.compile(
    r"(?i)\b(?:requires?|needs?|must have|you(?:'ll| will)? need)\b[^.\n]{0,40}\bGPUs?\b"
    r"|\bGPUs? (?:is|are) (?:required|needed|necessary|mandatory)"
)
README_CPU: Final = re.compile(r"(?i)\bCPU\b|without (?:a )?GPU|no GPU|optional")


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield one sign per kind of evidence: the build, calls in code, imports, the README's own words."""
    code = [module for module in modules_of(tree) if module.role in {"package", "script"}]
    cpu_way = any(
        CPU_WAY.search(text)
        for module in code
        if "gpu" in (text := tree.text(module.path)) or "cuda" in text
    )
    yield from _demanded(tree)
    yield from _build(tree)
    yield from _calls(tree, code, cpu_way)
    yield from _imports(tree, code, cpu_way)
    yield from _readme(tree, code, cpu_way)


def _demanded(tree: RepoTree) -> Iterator[Fact]:
    """Yield a hard sign where a setup script looks for CUDA as it is read, and raises an error without it."""
    for path in tree.matching("setup.py"):
        text = tree.text(path)
        for match in LOCATES_CUDA.finditer(text):
            called = re.search(rf"^\w+ *= *{match['name']}\(", text, re.MULTILINE)
            if called and RAISES.search(match["body"]) and _leads(tree, path):
                yield GpuNeed(hard=True, sign="cuda", source=_place(tree, path, called, called[0]))
                return


def _build(tree: RepoTree) -> Iterator[Fact]:
    """Yield a sign where a build compiles CUDA sources, or CMake demands CUDA.

    It is hard if no file of the build makes them optional, and the build is that of most of the code.
    """
    compiles = CUDA_BUILD if tree.matching("*.cu") else CMAKE_WANTS
    found = [
        (path, match)
        for path in tree.matching("setup.py", "*.sh", "Makefile*", "makefile", "CMakeLists.txt")
        # What a hidden folder holds sets up machines of the CI, one of them often with CUDA; a library of other people
        # has options of its own.
        if not path.startswith(".")
        and side_of(tree, path) is None
        and (match := compiles.search(_without_idle_names(tree.text(path))))
    ]
    if found:
        found.sort(key=lambda pair: _is_aside(pair[0]))
        path, match = found[0]
        hard = not any(
            OPTIONAL_BUILD.search(text := tree.text(path)) or _is_on_a_condition(text, match)
            for path, match in found
        )
        place = _place(tree, path, match, match[0])
        yield GpuNeed(hard=hard and _leads(tree, path), sign="cuda", source=place)


def _is_on_a_condition(text: str, demand: re.Match[str]) -> bool:
    """Whether CMake reads a demand only in a block of `if`."""
    if not CMAKE_WANTS.match(demand[0]):
        return False
    blocks = CMAKE_BLOCKS.finditer(text, 0, demand.start())
    return sum(1 if block["opens"] else -1 for block in blocks) > 0


def _without_idle_names(text: str) -> str:
    """Return the text without remarks, and without CUDA's compiler where no rule uses its variable."""
    text = REMARK.sub(lambda remark: " " * len(remark[0]), text)
    for match in islice(COMPILER_NAMED.finditer(text), MAX_COMPILERS):
        if not re.search(rf"\$[({{]{match['name']}[)}}]", text):
            text = f"{text[: match.start()]}{' ' * len(match[0])}{text[match.end() :]}"
    return text


def _leads(tree: RepoTree, path: str) -> bool:
    """Whether the file of a build stands at the root, or most code lies below its first folder.

    A folder that the documents' own work loads counts too, by a library that its build makes (`compiled_operators`).
    """
    top, below, _ = path.partition("/")
    if not below:
        return True
    if path.endswith("/setup.py") and any(map(tree.has, ("setup.py", "pyproject.toml"))):
        # The project at the root is installed without it.
        return False
    code = tree.matching(*CODE)
    return not _is_aside(path) and 2 * sum(file.startswith(f"{top}/") for file in code) >= len(code)


def _is_aside(path: str) -> bool:
    return not ASIDE.isdisjoint(path.lower().split("/")[:-1])


def _calls(tree: RepoTree, code: Iterable[PythonModule], cpu_way: bool) -> Iterator[Fact]:
    """Yield the first call that moves data to a GPU.

    It is hard if most of the leading work loads such a call, and no file chooses between CPU and GPU.
    """
    leading = None if cpu_way or is_used_by_others(tree) else shared_by_most(tree, _first_call)
    for module in [leading] if leading else code:
        called = _first_call(module)
        if called:
            source = Source(
                kind="file", path=module.path, line=called.line, note=f"{called.name}(…)"
            )
            yield GpuNeed(hard=leading is not None, sign=_sign(called.name), source=source)
            return


def _first_call(module: PythonModule) -> Called | None:
    """Return a module's first call that moves data to a GPU, or None."""
    for called in module.source.calls:
        name = called.name.rpartition(".")[2]
        first = called.arguments[0] if called.arguments else ""
        to_gpu = (name in {"to", "device"} and CUDA_DEVICE.fullmatch(first)) or (
            name == "set_default_tensor_type" and first.startswith("torch.cuda.")
        )
        of_mxnet = name == "gpu" and called.name.startswith(("mx.", "mxnet."))
        of_torch = name == "cuda" and called.name != "cuda"
        if (of_torch or name in TO_GPU or to_gpu or of_mxnet) and not called.guarded:
            return called
    return None


def _imports(tree: RepoTree, code: Iterable[PythonModule], cpu_way: bool) -> Iterator[Fact]:
    """Yield the first import of a library that only CUDA's machines can load.

    It is hard if most of the leading work loads it unguarded, or a library's own package does.
    """

    def first(module: PythonModule) -> Imported | None:
        for imported in module.source.imports:
            name = imported.module.partition(".")[0]
            own = own_names(tree).provider_of(imported, module.path)
            if name in GPU_MODULES and not imported.level and not own:
                return imported
        return None

    def needs(module: PythonModule) -> bool:
        found = first(module)
        return found is not None and not found.guarded

    leading = shared_by_most(tree, needs)
    found = first(leading) if leading else None
    if found and cpu_way and found.module.partition(".")[0] not in CUDA_TO_IMPORT:
        leading = None
    for module in [leading] if leading else code:
        imported = first(module)
        if imported:
            name = imported.module.partition(".")[0]
            place = Source(kind="import", path=module.path, line=imported.line, note=name)
            yield GpuNeed(hard=leading is not None, sign=_sign(name), source=place)
            return


def _readme(tree: RepoTree, code: list[PythonModule], cpu_way: bool) -> Iterator[Fact]:
    """Yield the README's words for a GPU; hard if nothing there and in the code speaks of a way without."""
    mentions = any(GPU_WORDS.search(tree.text(module.path)) for module in code)
    mentions = mentions or bool(tree.matching("*.cu"))
    for path in tree.matching("README*", "readme*"):
        text = tree.text(path)
        match = README_NEED.search(text) if path.count("/") == 0 else None
        if match:
            words = " ".join(match[0].split())
            place = _place(tree, path, match, words).changed(kind="readme")
            hard = mentions and not cpu_way and not README_CPU.search(text)
            yield GpuNeed(hard=hard, sign=_sign(words), source=place)
            return


def _sign(words: str) -> GpuSign:
    return "cuda" if CUDA.search(words) else "gpu"


def _place(tree: RepoTree, path: str, match: re.Match[str], note: str) -> Source:
    line = tree.text(path).count("\n", 0, match.start()) + 1
    return Source(kind="file", path=path, line=line, note=note[:80])
