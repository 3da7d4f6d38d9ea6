"""Finds data and weights that are not in the repository.

Evidence: links, missing files, downloads from hubs, access rules.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, Literal

from paper2run.detectors.own_modules import own_names
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import DataNeed, Fact
from paper2run.model.value import Source
from paper2run.python.notebook_source import Notebook, notebooks_of
from paper2run.python.python_modules import modules_of
from paper2run.python.python_source import Called, PythonSource

NAME: Final = "data_needs"

MAX_NEEDS: Final = 100
"""Facts kept; lists of thousands of links are data themselves."""
URL: Final = re.compile(r"\b(?:https?|ftp|s3|gs)://[^\s\"'<>)\]}`|\\,]{4,500}")
DATA_ENDINGS: Final = (
    ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".7z", ".gz", ".h5", ".hdf5", ".pth", ".pt", ".pkl", ".pickle",
    ".npz", ".npy", ".mat", ".ckpt", ".weights", ".caffemodel", ".onnx", ".csv", ".tsv", ".bin", ".rds", ".parquet",
    ".nii", ".nii.gz", ".fits", ".nc", ".root", ".arff", ".jsonl", ".xlsx", ".xls", ".dat", ".safetensors", ".t7",
)  # fmt: skip
DATA_HOST: Final = re.compile(
    r"drive\.google\.com|docs\.google\.com/uc|dropbox\.com/(?:s|sh|scl|u)/|zenodo\.org/(?:record|api|deposit)|figshare\.com"
    r"|amazonaws\.com|^s3://|^gs://|storage\.googleapis\.com|onedrive|1drv\.ms|pan\.baidu\.com"
    r"|kaggle\.com/(?:c/|datasets|competitions)|huggingface\.co/(?:datasets|.*/resolve)|osf\.io|dataverse|physionet\.org"
    r"|mega\.nz|box\.com/s|uci\.edu/ml/(?:datasets|machine-learning)"
)
SOFTWARE: Final = re.compile(
    r"/archive/|/tarball|/zipball|/badge|shields\.io|\.git$|codeload|/releases/download/v?[\d.]+/[^/]*\.(?:zip|tar\.gz)$"
)
"""Addresses of programs and pictures, not of data."""
DOCUMENTS: Final = ("README*", "readme*", "*.sh", "Makefile", "DATA*", "INSTALL*", "download*")
README: Final = re.compile(r"(?i)(?:.*/)?readme[^/]*$")
_DATA: Final = r"\b(?:data(?:[ -]?sets?|bases?)?|corp(?:us|ora)|recordings|scans)\b"
RESTRICTED: Final = re.compile(
    r"(?i)credentialed|request(?:ing)? access|apply for access|data use agreement"
    rf"|{_DATA}[^.\n]{{0,60}}licen[cs]e agreement|licen[cs]e agreement[^.\n]{{0,60}}{_DATA}"
    r"|not publicly available|available (?:up)?on request|confidential data"
    r"|must (?:acquire|obtain|request)[^.\n]{0,30}data"
    r"|register(?! (?:\w+ ){0,2}kernel)[^.\n]{0,40}to (?:download|get|access)"
    rf"|{_DATA}[^.\n]{{0,60}}\b(?:not|cannot)\b(?! only)[^.\n]{{0,20}}"
    r"\b(?:shared|released|uploaded|distributed|published|public|provided|included)\b"
    r"(?! in (?:the |its )?(?:\w+ )?(?:package|wheel|sdist|release|distribution)\b)"
    r"|(?:\b(?:un|not )able to|\bcan(?:not|'t| not)|\bdo(?: not|n't)|\bnot allowed to) (?:\w+ ){0,2}"
    rf"(?:share|release|distribute|upload|publish|provide)\b[^.\n]{{0,60}}(?:{_DATA}|\bthem\b)"
)
"""Words of a README by which its authors keep data to themselves."""
READERS: Final = frozenset(
    {"open", "read_csv", "read_table", "read_excel", "read_json", "read_pickle", "read_hdf", "read_parquet",
     "read_feather", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "imread", "loadmat", "File", "load_weights",
     "load_model", "open_workbook", "load_npz", "restore", "getdata", "open_dataset", "Dataset", "read_file"}
)  # fmt: skip
WRITERS: Final = frozenset(
    {"save", "savez", "savez_compressed", "savetxt", "to_csv", "to_excel", "to_json", "to_pickle", "to_hdf", "dump",
     "savefig", "imsave", "imwrite", "savemat", "save_weights", "write_csv", "to_parquet", "ExcelWriter", "tofile"}
)  # fmt: skip
BY_MODULE: Final = {
    "load_dataset": "datasets", "load_data": "keras", "fetch_": "sklearn", "get_file": "keras",
    "snapshot_download": "huggingface_hub", "hf_hub_download": "huggingface_hub",
}  # fmt: skip
"""Beginnings of common names that download only where they come from this module."""
HUBS: Final = re.compile(
    r"(?:^|\.)(?:from_pretrained|urlretrieve|download_url|download_and_extract_archive|load_state_dict_from_url|load_url)$"
    r"|^(?:nltk|gdown|wget|kagglehub|spacy\.cli|api|gensim\.downloader)\.(?:download|load|dataset_download)$"
    r"|^(?:torch\.hub|tfds|tensorflow_datasets|hub)\.(?:load|Module|KerasLayer)$|^spacy\.load$"
)
DOWNLOAD_FLAGS: Final = frozenset(
    {("download", "True"), ("pretrained", "True"), ("weights", "'imagenet'")}
)


def detect(tree: RepoTree) -> Iterable[Fact]:
    """Yield each need once: links and access rules of documents, then downloads and missing files of code."""
    found: dict[str, DataNeed] = {}
    for need in chain(_documents(tree), _code(tree), _large_files(tree)):
        found.setdefault(need.what, need)
        if len(found) == MAX_NEEDS:
            break
    return found.values()


def _documents(tree: RepoTree) -> Iterator[DataNeed]:
    for path in tree.matching(*DOCUMENTS):
        text = tree.text(path)
        kind: Literal["readme", "file"] = "readme" if README.match(path) else "file"
        for what, line in links(text):
            yield DataNeed(what=what, source=Source(kind=kind, path=path, line=line))
        match = RESTRICTED.search(text) if kind == "readme" else None
        if match:
            line = text.count("\n", 0, match.start()) + 1
            words = " ".join(text.split("\n")[line - 1].split())[:200]
            note = f"restricted access: {match[0]}"
            source = Source(kind="readme", path=path, line=line, note=note)
            yield DataNeed(what=words, restricted=True, source=source)


def links(text: str) -> Iterator[tuple[str, int]]:
    """Yield the addresses of data in a text, with their lines."""
    if "://" not in text:
        return
    line, position = 1, 0
    for match in URL.finditer(text):
        url = match[0].rstrip(".;:*_")
        bare = url.partition("?")[0].lower()
        if (bare.endswith(DATA_ENDINGS) or DATA_HOST.search(url)) and not SOFTWARE.search(bare):
            line += text.count("\n", position, match.start())
            position = match.start()
            yield url, line


def _code(tree: RepoTree) -> Iterator[DataNeed]:
    for module in modules_of(tree):
        if module.role == "build":
            continue
        for what, line in links(tree.text(module.path)):
            yield DataNeed(what=what, source=Source(kind="file", path=module.path, line=line))
        for what, line in needs_of_calls(tree, module.path, module.source):
            yield DataNeed(what=what, source=Source(kind="file", path=module.path, line=line))
    for notebook in notebooks_of(tree):
        if isinstance(notebook, Notebook):
            for cell in notebook.cells:
                for what, _ in needs_of_calls(tree, notebook.path, cell.source):
                    note = f"cell {cell.number}"
                    where = Source(kind="file", path=notebook.path, note=note)
                    yield DataNeed(what=what, source=where)


def needs_of_calls(tree: RepoTree, path: str, source: PythonSource) -> Iterator[tuple[str, int]]:
    """Yield what one file downloads by name, and the missing files that it reads.

    A file that the code itself writes is not missing.
    """
    imported = " ".join(found.module for found in source.imports)
    written = {
        text for called in source.calls if _last(called) in WRITERS for text in called.arguments
    }
    for called in source.calls:
        first = called.arguments[0] if called.arguments else ""
        owner = called.name.partition(".")[0]
        if owner in own_names(tree).by_name:
            # A function of the repository's own, whatever it is called.
            continue
        if _downloads(called, imported) and not _is_there(tree, path, first):
            yield (first if "://" in first else f"{called.name}({first})"), called.line
        elif DOWNLOAD_FLAGS & set(called.keywords):
            yield f"{called.name}(…)", called.line
        elif _last(called) in READERS and first.lower().endswith(DATA_ENDINGS):
            mode = (
                called.arguments[1]
                if called.arguments[1:]
                else dict(called.keywords).get("mode", "")
            )
            writes = mode.strip("'\"")[:1] in {"w", "a", "x"}
            elsewhere = writes or "://" in first or first in written
            if not elsewhere and not _is_there(tree, path, first):
                yield first, called.line


def _downloads(called: Called, imported: str) -> bool:
    name = _last(called)
    owner = next((BY_MODULE[start] for start in BY_MODULE if name.startswith(start)), None)
    return HUBS.search(called.name) is not None or (owner is not None and owner in imported)


def _is_there(tree: RepoTree, path: str, wanted: str) -> bool:
    """Whether a path that code names leads to files of the repository, from wherever it is started."""
    name = wanted.replace("\\", "/").lstrip("./")
    if not name:
        return False
    return any(file == name or file.endswith(f"/{name}") for file in tree.files) or bool(
        tree.below(name.rstrip("/"))
    )


def _large_files(tree: RepoTree) -> Iterator[DataNeed]:
    """Yield files that hold only a Git LFS pointer, where `.gitattributes` says that there may be some."""
    for attributes in tree.matching(".gitattributes"):
        patterns = re.findall(r"^(\S+)[^\n]*filter=lfs", tree.text(attributes), re.MULTILINE)
        for path in tree.matching(*(pattern.rpartition("/")[2] for pattern in patterns)):
            text = tree.text(path) if tree.size_bytes(path) < 1024 else ""
            if text.startswith("version https://git-lfs"):
                yield DataNeed(
                    what=path, source=Source(kind="file", path=path, line=1, note="Git LFS pointer")
                )


def _last(called: Called) -> str:
    return called.name.rpartition(".")[2]
