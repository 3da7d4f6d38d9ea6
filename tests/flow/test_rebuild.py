"""`verify`: a run folder rebuilt later, as it was and with planted drifts, against a real index."""

import http.server
import ssl
import subprocess
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest

from flows.decay import decay
from flows.reproduce import reproduce
from flows.verification import verify
from paper2run.errors import UserError
from paper2run.model.inventory import Inventory
from paper2run.model.rebuild import Rebuild
from tasks.drivers.engine.engine_connection import connect
from tasks.folder_record import tampering
from tests.engine.conftest import gateway
from tests.flow.test_verdicts import verdict_of

pytestmark = pytest.mark.docker
GOOD, CHANGED, BROKEN = "NAME = 'tide'\n", "NAME = 'tides'\n", "raise SystemExit(3)\n"
MAIN = "import tide\nprint(tide.NAME)\n"


@dataclass
class Index:
    """A package index whose files a test changes while it serves."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def publish(self, code: str) -> None:
        self.files["tide-1.0-py3-none-any.whl"] = _wheel(code)


def _wheel(code: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("tide.py", code)
        folder = "tide-1.0.dist-info"
        archive.writestr(f"{folder}/METADATA", "Metadata-Version: 2.1\nName: tide\nVersion: 1.0\n")
        archive.writestr(
            f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(
            f"{folder}/RECORD",
            f"tide.py,,\n{folder}/METADATA,,\n{folder}/WHEEL,,\n{folder}/RECORD,,\n",
        )
    return buffer.getvalue()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    engine, run_id = connect(), f"tests-{uuid.uuid4().hex}"
    host = gateway(engine, "python:3.11-slim", run_id)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site",
         "-addext", f"subjectAltName=IP:{host}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    index = Index()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rsplit("/", 1)[-1]
            links = "".join(f'<a href="/{name}">{name}</a>' for name in sorted(index.files))
            is_page = self.path == "/simple/tide/" and links
            body = links.encode() if is_page else index.files.get(name)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html" if is_page else "application/zip")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = http.server.ThreadingHTTPServer((host, 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    index.url = f"https://{host}:{server.server_address[1]}/simple/"
    monkeypatch.setenv("PAPER2RUN_INDEX_URL", index.url)
    monkeypatch.setenv("PAPER2RUN_CA_BUNDLE", str(certificate))
    yield index
    server.shutdown()
    server.server_close()


@pytest.fixture
def bases(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield a prefix below which the base image has a name that a test may give to another one."""
    prefix, client = f"tests-{uuid.uuid4().hex}", connect().client
    client.images.get("python:3.11-slim").tag(f"{prefix}/python", "3.11-slim")
    monkeypatch.setenv("PAPER2RUN_REGISTRY_PREFIX", prefix)
    yield prefix
    client.images.remove(f"{prefix}/python:3.11-slim", force=True)


@pytest.fixture
def handed_over(index: Index, repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return run_of(index, repository, tmp_path, monkeypatch)


def run_of(index: Index, repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a run that installed a package of the index."""
    monkeypatch.setenv("PAPER2RUN_INVENTORY", "true")
    # What the index said is kept per home.
    monkeypatch.setenv("PAPER2RUN_HOME", str(tmp_path / "home"))
    index.publish(GOOD)
    needs = f"tide==1.0\n# {uuid.uuid4()}\n"
    repo = repository({"main.py": MAIN, "requirements.txt": needs, ".python-version": "3.11\n"})
    state = reproduce(
        repo=repo, out=str(tmp_path / "runs"), smoke="python main.py", return_state=True
    )
    metadata, folder = verdict_of(state, tmp_path / "runs")
    assert metadata.status == "success", metadata.reason
    return folder


def rebuilt(folder: Path) -> Rebuild:
    state = verify(str(folder), return_state=True)
    found, records = state.result()
    assert state.name == found.outcome.capitalize()
    assert Path(records).parent == folder / "verify"
    assert (Path(records) / "verify.json").is_file()
    return found


def told(found: Rebuild) -> set[tuple[str, str]]:
    # Debian's Python, which a stand-in has, keeps packages in a folder of its own.
    return {
        (drift.cause, drift.item.replace("/dist-packages/", "/site-packages/"))
        for drift in found.drifts
    }


def test_a_folder_rebuilds_to_what_was_handed_over_and_each_changed_file_is_found(handed_over):
    inventory = Inventory.model_validate_json((handed_over / "inventory.json").read_text())
    kinds = {package.kind for package in inventory.packages}
    assert {"deb", "pypi"} <= kinds
    assert ("tide", "1.0") in {(each.name, each.version) for each in inventory.packages}

    found = rebuilt(handed_over)

    assert found.outcome == "verified", found.reason
    assert found.drifts == ()
    assert found.files_same > 0.99 * found.files
    assert found.grade_after == found.grade_before
    assert connect().image(found.image_id) is None, "the rebuilt image is removed"
    assert checked_all(handed_over) == ("1 run, nothing changed", False)
    every_kind_of_file_is_covered(handed_over)
    (handed_over / "Dockerfile").write_text("FROM python:3.11-slim\n")
    found = rebuilt(handed_over)
    assert (found.outcome, found.tampered) == ("tampered", ("Dockerfile: changed",))
    (handed_over / "repo" / "main.py").unlink()
    told_of, is_news = checked_all(handed_over)
    assert told_of == "1 run, nothing changed", "it was tampered with before"
    assert not is_news


def checked_all(folder: Path) -> tuple[str, bool]:
    """Return what the decay watch says of the folder of runs, and whether it is news."""
    state = decay(str(folder.parent), return_state=True)
    (row,) = state.result()
    assert row.run == folder.name
    return str(state.message), row.is_news


def every_kind_of_file_is_covered(folder: Path) -> None:
    checked = [
        path for path in folder.rglob("*")
        if path.is_file() and not {"verify", ".git", "record.json"} & set(path.relative_to(folder).parts)
    ]  # fmt: skip
    assert len(checked) >= 25
    for path in checked:
        before, shown = path.read_bytes(), path.relative_to(folder).as_posix()
        path.write_bytes(before + b" ")
        assert tampering(folder), shown
        path.unlink()
        assert tampering(folder), shown
        path.write_bytes(before)
    assert tampering(folder) == ()
    added = folder / "repo" / "sitecustomize.py"
    added.symlink_to("main.py")
    assert tampering(folder) == ("repo/sitecustomize.py: added",)
    added.unlink()
    (folder / "repo" / "main.py").chmod(0o755)
    assert tampering(folder) == ("repo/main.py: changed",)
    (folder / "repo" / "main.py").chmod(0o644)


def republish(index: Index) -> None:
    index.publish(CHANGED)


def withdraw(index: Index) -> None:
    index.files.clear()


def publish_broken(index: Index) -> None:
    index.publish(BROKEN)


MODULE = "/usr/local/lib/python3.11/site-packages/tide.py"
DRIFTS = [
    ("a wheel that was published anew", republish, "drifted", {("index", MODULE)}),
    ("a release that is gone", withdraw, "broken", {("index", "tide==1.0")}),
    ("a wheel whose code fails", publish_broken, "broken",
     {("code", "smoke command"), ("code", "imports"), ("index", MODULE)}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "outcome", "drifts"),
    [
        pytest.param(*row[1:], id=row[0], marks=[pytest.mark.full] if row[2] == "broken" else [])
        for row in DRIFTS
    ],
)
def test_a_planted_drift_is_named(
    handed_over: Path,
    index: Index,
    plant: Callable[[Index], None],
    outcome: str,
    drifts: set[tuple[str, str]],
) -> None:
    plant(index)

    found = rebuilt(handed_over)

    assert (found.outcome, told(found)) == (outcome, drifts), found


def test_another_base_image_is_named(bases: str, handed_over: Path) -> None:
    name = f"{bases}/python:3.11-slim"
    lines = f"FROM {name}\nRUN echo 1 > /etc/changed && dpkg --purge --force-all tzdata\n"
    connect().client.images.build(fileobj=BytesIO(lines.encode()), tag=name, rm=True)

    found = rebuilt(handed_over)

    assert (handed_over / "Dockerfile").read_text().count("FROM python:3.11-slim\n") == 1
    told_of = {("base", "base image"), ("debian", "tzdata")}
    assert (found.outcome, told(found)) == ("drifted", told_of)


def test_a_base_image_of_a_registry_is_pinned_by_its_digest(
    registry_address: str, index: Index, repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, client = f"{registry_address}/library/python:3.11-slim", connect().client
    # A stand-in, which a closed site makes itself, is never pinned by a digest.
    official = "FROM python:3.11-slim\nLABEL paper2run.standin=false\n"
    client.images.build(fileobj=BytesIO(official.encode()), tag=name, rm=True)
    client.images.push(name)
    monkeypatch.setenv("PAPER2RUN_REGISTRY_PREFIX", f"{registry_address}/library")
    try:
        folder = run_of(index, repository, tmp_path, monkeypatch)
        lines = f"FROM {name}\nRUN echo 1 > /etc/changed\n"
        client.images.build(fileobj=BytesIO(lines.encode()), tag=name, rm=True)
        client.images.push(name)

        found = rebuilt(folder)
    finally:
        client.images.remove(name, force=True)

    assert "FROM python:3.11-slim@sha256:" in (folder / "Dockerfile").read_text()
    assert found.outcome == "verified", found


def test_a_run_that_handed_nothing_over_is_a_bad_request(repository, tmp_path):
    repo = repository({"notes.txt": "nothing to run\n"})
    state = reproduce(repo=repo, out=str(tmp_path / "runs"), return_state=True)
    _, folder = verdict_of(state, tmp_path / "runs")

    ended = verify(str(folder), return_state=True)

    assert ended.name == "Bad request"
    with pytest.raises(UserError, match="handed no working image over"):
        ended.result()
