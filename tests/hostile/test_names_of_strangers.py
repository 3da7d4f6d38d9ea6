"""Names that a stranger may own on the index: guesses, local projects, names of other indexes.

The index of these tests has every name, as a squatter would have it, most of them since after the
commit.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from paper2run.detectors import read_facts
from paper2run.formats.conda_build_paths import is_conda_build
from paper2run.formats.other_indexes import other_indexes
from paper2run.formats.tree import RepoTree
from paper2run.index.conda_channels import PUBLIC
from paper2run.model.conda import CondaArchive, CondaSolved
from paper2run.model.environment import Asked, PlannedEnvironment
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.rendering.conda_plan import for_pip, with_conda
from paper2run.rendering.pip_steps import plan_requirements
from paper2run.settings import Settings
from tasks.resolve import resolve

COMMIT_DAY = date(2023, 3, 1)
LATER = "2026-11-02T10:00:00Z"
BEFORE = "2020-05-01T10:00:00Z"
HONEST = frozenset({"numpy", "oldlib", "setuptools", "wheel", "certifi"})


def wheel(name: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(f"{name.replace('-', '_')}/__init__.py", "x = 1\n" * 1000)
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n")
    return data.getvalue()


class Squatted(BaseHTTPRequestHandler):
    """An index with every project in one release.

    `upload-time` is as in PEP 700, unless the index is one without dates.
    """

    def do_GET(self) -> None:
        name = self.path.strip("/").rpartition("/")[2]
        if self.path.startswith("/files/"):
            project = name.partition("-1.0-")[0].replace("_", "-")
            return self.answer(wheel(project), "application/octet-stream")
        stem = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
        file = {"filename": stem, "url": f"/files/{stem}", "hashes": {}, "size": len(wheel(name))}
        if not self.path.startswith("/undated/"):
            file["upload-time"] = BEFORE if name in HONEST else LATER
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": ["1.0"], "files": [file]}
        return self.answer(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")

    def answer(self, body: bytes, kind: str) -> None:
        start, end = 0, len(body)
        if asked := self.headers["Range"]:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end = int(first), int(last) + 1
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self.wfile.write(body[start:end])

    def log_message(self, *words: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Squatted)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def resolved(tmp_path: Path, server: ThreadingHTTPServer):
    """Return a function that plans a checkout of the given files and resolves the plan."""

    def plan(
        files: dict[str, str], day: date | None = COMMIT_DAY, index: str = "simple"
    ) -> PlannedEnvironment:
        planned = rules.plan(evidence_of(tmp_path / "repo", files, day))
        assert isinstance(planned, PlannedEnvironment)
        address = f"http://127.0.0.1:{server.server_port}/{index}/"
        return resolve.fn(planned, (), Settings(index_url=address, home=tmp_path / "home"))

    return plan


def evidence_of(root: Path, files: dict[str, str], day: date | None = COMMIT_DAY) -> Evidence:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    tree = RepoTree.of(root)
    asked = Asked(name="lab/demo", commit="1" * 40, commit_day=day)
    return Evidence(read_facts(tree), frozenset(tree.files), asked)


def installed(planned: PlannedEnvironment) -> set[str]:
    return {text.partition("==")[0] for text in plan_requirements(planned.plan)}


def decisions(planned: PlannedEnvironment) -> str:
    return "\n".join(reason.decision for reason in planned.reasons)


GUESSED = {"main.py": "import qzxlib, scikitlearn_utilz, oldlib\nfrom helpers_of_lab import f\n"}


def test_a_guess_that_came_to_the_index_after_the_commit_is_left_out_with_the_reason(resolved):
    found = resolved(GUESSED)
    assert installed(found) == {"oldlib"}
    for name in ("qzxlib", "scikitlearn-utilz", "helpers-of-lab"):
        why = f"{name} left out: it came to the index on 2026-11-02, after the commit of 2023-03-01"
        assert why in decisions(found)


def test_a_guess_that_came_the_day_after_has_no_grace_and_one_of_the_same_day_is_kept(resolved):
    assert "qzxlib" not in installed(resolved(GUESSED, date(2026, 11, 1)))
    assert "qzxlib" in installed(resolved(GUESSED, date(2026, 11, 2)))


@pytest.mark.parametrize(
    ("day", "index", "unknown"),
    [(None, "simple", "the commit has no day"), (COMMIT_DAY, "undated", "the index tells no days")],
)
def test_where_no_day_is_known_a_guess_is_kept_and_the_plan_says_that_it_is_one(
    resolved, day, index, unknown
):
    found = resolved(GUESSED, day, index)
    assert "qzxlib" in installed(found)
    assert f"qzxlib is a guess that only its files speak for: {unknown}" in decisions(found)


def test_a_guess_beside_condas_packages_is_left_out_too_and_the_plan_says_so(tmp_path, server):
    files = {
        "environment.yml": "channels: [conda-forge]\ndependencies: [python=3.11, numpy]\n",
        **GUESSED,
    }
    planned = rules.plan(evidence_of(tmp_path / "repo", files))
    assert isinstance(planned, PlannedEnvironment)
    assert planned.conda is not None
    place = f"{PUBLIC}conda-forge/linux-64"
    archives = [
        CondaArchive(url=f"{place}/{name}-0.tar.bz2", digest="0" * 64)
        for name in ("numpy-1.24.2", "python-3.11.0", "qzxlib-3.0")
    ]
    solved = CondaSolved(archives=tuple(archives), date_step="commit date")
    address = f"http://127.0.0.1:{server.server_port}/simple/"
    settings = Settings(index_url=address, home=tmp_path / "home")
    added = resolve.fn(for_pip(planned, solved), (), settings)
    found = with_conda(planned, planned.conda, solved, added)
    assert installed(found) == {"oldlib"}
    assert "scikitlearn-utilz left out: it came to the index on 2026-11-02" in decisions(found)
    # Conda's channels bring it: nothing is to be said of its namesake.
    assert "qzxlib left out" not in decisions(found)


def test_a_project_of_the_authors_machine_is_not_the_indexs_of_that_name(resolved):
    requirements = (
        "a1 @ file:///home/me/a1\nb1 @ file:///tmp/b1-1.0-py3-none-any.whl\nc1 @ ../c1\n"
        "d1 @ /data/d1\n-e /home/me/e1\nfile:///srv/f1\n"
        "numpy @ file:///croot/numpy_1701295038894/work/dist/numpy-1.0-py3-none-any.whl\n"
        "certifi @ file:///C:/Users/BUILDE~1/AppData/Local/Temp/abs_7/croots/recipe/certifi_1661452540662/work\n"
    )
    code = "import a1, b1, c1, d1, e1, f1, numpy, certifi\n"
    # The day is one on which the index has all of them.
    found = resolved({"requirements.txt": requirements, "main.py": code}, date(2026, 12, 1))
    assert installed(found) == {"numpy", "certifi"}
    assert "a1 @ file:///home/me/a1 left out: a project of its author's machine" in decisions(found)
    assert "-e /home/me/e1 left out" in decisions(found)


def test_a_name_whose_source_uv_says_is_a_folder_is_not_taken_from_the_index(resolved):
    manifest = (
        '[project]\nname = "demo"\nversion = "1"\ndependencies = ["numpy", "a1>=0.1", "b1"]\n'
        '[tool.uv.sources]\na1 = { path = "../a1" }\nb1 = [{ path = "libs/b1" }]\n'
    )
    found = resolved({"pyproject.toml": manifest, "demo.py": "import a1, b1, numpy\n"})
    assert "a1" not in installed(found)
    assert "b1" not in installed(found)
    assert "a1>=0.1 left out: the same file says that it is a folder" in decisions(found)


@pytest.mark.parametrize(
    "url",
    [
        "file:///croot/certifi_1671487769961/work/certifi",
        "file:///opt/conda/conda-bld/psutil_1656431268089/work",
        "file:///home/conda/feedstock_root/build_artifacts/ptyprocess_1609419310487/work/dist/p-0.7.whl",
        "file:///opt/concourse/worker/volumes/live/4f734db2/volume/appnope_1606859466979/work",
        "file:///tmp/build/80754af9/attrs_1604765588209/work",
        "file:///home/ktietz/src/ci/backcall_1611930011877/work",
        "file:///home/task_177313435524461/croot/pydantic_1773134393146/work",
        "file:///Users/runner/miniforge3/conda-bld/cffi_1696001825047/work",
        "file:///private/var/folders/sy/f16z/T/abs_e26jwrjf6j/croot/kiwisolver_1672387151391/work",
        "file:///C:/ci/pywin32-ctypes_1607553594546/work",
        "file:///D:/bld/brotlipy_1666764804378/work",
    ],
)
def test_the_build_folders_of_condas_public_channels_are_known(url):
    assert is_conda_build(url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///home/me/a1",
        "file:///home/me/miniconda3/conda-bld/a1_1607553594546/work",
        "file:///C:/Users/me/conda-bld/a1_1607553594546/work",
        "file:///root/conda-bld/a1_1607553594546/work",
        "file:///home/builder/.termux-build/python-torch/src",
        "file:///build/pytorch",
        "file:a1",
    ],
)
def test_the_folders_of_anybody_else_are_not_condas(url):
    assert not is_conda_build(url)


PRIVATE = (
    "--extra-index-url https://me:PASSWORD@pypi.lab.example/simple?token=SECRET\n"
    "labinternal==1.0\nnumpy==1.0\noldlib==7.0\n"
)


def test_names_that_only_another_index_may_have_are_marked_and_no_login_is_shown(resolved):
    found = resolved({"requirements.txt": PRIVATE, "main.py": "import labinternal, numpy\n"})
    marked = [r.decision for r in found.reasons if "dependency confusion" in r.decision]
    assert [line.partition(":")[0] for line in marked] == ["labinternal", "oldlib"]
    assert "it came to the index on 2026-11-02, after the commit of 2023-03-01" in marked[0]
    assert "it may be of https://pypi.lab.example/simple (requirements.txt:1)" in marked[0]
    assert "the index has no release 7.0" in marked[1]
    assert "PASSWORD" not in found.model_dump_json()
    assert "SECRET" not in found.model_dump_json()


def test_the_public_index_and_the_one_that_is_asked_are_no_other_index(resolved, server):
    asked = f"http://127.0.0.1:{server.server_port}/simple"
    requirements = f"-i {PYPI_SIMPLE_ENDPOINT}\n--extra-index-url {asked}\nlabinternal==1.0\n"
    found = resolved({"requirements.txt": requirements, "main.py": "import labinternal\n"})
    assert "dependency confusion" not in decisions(found)


INDEX = "https://pypi.lab.example/simple"
NAMING = {
    "options of pip": {"requirements.txt": f"numpy\n--extra-index-url={INDEX}\n"},
    "short options": {"requirements.txt": f'-f "{INDEX}"\nnumpy\n'},
    "poetry": {"pyproject.toml": f'[[tool.poetry.source]]\nname = "lab"\nurl = "{INDEX}"\n'},
    "uv": {"pyproject.toml": f'[[tool.uv.index]]\nname = "lab"\nurl = "{INDEX}"\nexplicit = true\n'},
    "uv before": {"pyproject.toml": f'[tool.uv]\nextra-index-url = ["{INDEX}"]\n'},
    "pdm": {"pyproject.toml": f'[[tool.pdm.source]]\nname = "lab"\nurl = "{INDEX}"\n'},
    "pipenv": {"Pipfile": f'[[source]]\nname = "lab"\nurl = "{INDEX}"\n[packages]\nnumpy = "*"\n'},
    "conda": {"environment.yml": f"dependencies:\n- pip\n- pip:\n  - --extra-index-url {INDEX}\n  - numpy\n"},
    "a document": {"README.md": f"# Demo\n\n```sh\npip install -i {INDEX} labinternal\n```\n"},
}  # fmt: skip


@pytest.mark.parametrize("files", NAMING.values(), ids=NAMING.keys())
def test_another_index_is_noticed_wherever_it_is_named(tmp_path, files):
    facts = evidence_of(tmp_path, files).facts
    assert [other.address for other in other_indexes(facts)] == [INDEX]
