"""Judges whether the code can do without a GPU; hard only where no way around it is to be seen."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from paper2run.detectors.own_modules import own_names
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import Fact, GpuNeed, GpuSign
from paper2run.model.value import Source
from paper2run.python.python_modules import PythonModule, modules_of

NAME: Final = "gpu"

CPU_WAY: Final = re.compile(
    r"is_available\(|map_location|device_count\(|allow_soft_placement|list_physical_devices|is_gpu_available"
    r"|--(?:no[-_]?(?:cuda|gpu)|cpu|device|use[-_]?(?:gpu|cuda)|cuda|disable[-_]cuda)\b"
    r"|\bif\b[^\n]{0,500}?(?:gpu|cuda)|\b(?:use_cuda|use_gpu|to_cpu)\b|['\"]cpu['\"]"
)
"""What code holds that chooses between CPU and GPU; a mere `--gpu 0` chooses among GPUs."""
TO_GPU: Final = frozenset({"to_gpu", "get_device_from_id"})
"""Chainer's names for what torch calls `.cuda()`."""
GPU_MODULES: Final = frozenset({"cupy", "pycuda", "cudf", "cuml", "tensorrt", "skcuda", "pynvml"})
CUDA_BUILD: Final = re.compile(
    r"\bnvcc\b|CUDAExtension|enable_language\(\s*CUDA|LANGUAGES[^)]*\bCUDA"
)
OPTIONAL_BUILD: Final = re.compile(
    r"is_available|CUDA_HOME|FORCE_CUDA|option\(\s*(?:USE|WITH|ENABLE)\w*(?:CUDA|GPU)|WITH_CUDA|USE_CUDA|find_cuda"
    r"|CPU_ONLY|locate_cuda|ifdef|which nvcc|command -v nvcc"
)
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
    yield from _build(tree)
    yield from _calls(code, cpu_way)
    yield from _imports(tree, code, cpu_way)
    yield from _readme(tree)


def _build(tree: RepoTree) -> Iterator[Fact]:
    """Yield a sign where a build compiles CUDA sources; hard if no file of the build makes them optional."""
    if not tree.matching("*.cu"):
        return
    found = [
        (path, match)
        for path in tree.matching("setup.py", "*.sh", "Makefile*", "makefile", "CMakeLists.txt")
        # What a hidden folder holds sets up machines of the CI, one of them often with CUDA.
        if not path.startswith(".") and (match := CUDA_BUILD.search(tree.text(path)))
    ]
    if found:
        optional = any(OPTIONAL_BUILD.search(tree.text(path)) for path, _ in found)
        path, match = found[0]
        place = _place(tree, path, match, match[0])
        yield GpuNeed(hard=not optional, sign="cuda", source=place)


def _calls(code: Iterable[PythonModule], cpu_way: bool) -> Iterator[Fact]:
    """Yield the first call that moves data to a GPU; hard if no file chooses between CPU and GPU."""
    for module in code:
        for called in module.source.calls:
            name = called.name.rpartition(".")[2]
            to_gpu = name in {"to", "device"} and called.arguments[:1] in {("cuda",), ("cuda:0",)}
            if (name == "cuda" and called.name != "cuda") or name in TO_GPU or to_gpu:
                source = Source(
                    kind="file", path=module.path, line=called.line, note=f"{called.name}(…)"
                )
                yield GpuNeed(hard=not cpu_way, sign=_sign(called.name), source=source)
                return


def _imports(tree: RepoTree, code: Iterable[PythonModule], cpu_way: bool) -> Iterator[Fact]:
    for module in code:
        for imported in module.source.imports:
            name = imported.module.partition(".")[0]
            own = own_names(tree).provider_of(imported, module.path)
            if name in GPU_MODULES and not imported.level and not own:
                hard = not imported.guarded and not cpu_way
                place = Source(kind="import", path=module.path, line=imported.line, note=name)
                yield GpuNeed(hard=hard, sign=_sign(name), source=place)
                return


def _readme(tree: RepoTree) -> Iterator[Fact]:
    for path in tree.matching("README*", "readme*"):
        text = tree.text(path)
        match = README_NEED.search(text) if path.count("/") == 0 else None
        if match:
            words = " ".join(match[0].split())
            place = _place(tree, path, match, words).changed(kind="readme")
            yield GpuNeed(hard=not README_CPU.search(text), sign=_sign(words), source=place)
            return


def _sign(words: str) -> GpuSign:
    return "cuda" if CUDA.search(words) else "gpu"


def _place(tree: RepoTree, path: str, match: re.Match[str], note: str) -> Source:
    line = tree.text(path).count("\n", 0, match.start()) + 1
    return Source(kind="file", path=path, line=line, note=note[:80])
