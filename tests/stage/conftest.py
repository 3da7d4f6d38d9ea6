"""A forge on this disk: real repositories behind https:// addresses, by git's own insteadOf."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ADDRESS = "https://forge.test"
BASIC_ANNA = "Basic YW5uYTpodW50ZXIy"
"""anna:hunter2"""


@dataclass(frozen=True)
class Forge:
    """Repositories below `root`, which git finds at ADDRESS."""

    root: Path

    def repository(self, name: str, files: dict[str, str | bytes] | None = None) -> Path:
        """Make a repository `owner/name`; with files it gets a commit of them."""
        folder = self.root / name
        folder.mkdir(parents=True)
        self.git(folder, "init", "-q", "-b", "main")
        if files is not None:
            self.commit(folder, files)
        return folder

    def commit(self, folder: Path, files: dict[str, str | bytes], message: str = "More") -> str:
        """Write the files, commit everything in the folder, return the commit."""
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git(folder, "add", "-A")
        self.git(folder, "commit", "-q", "--allow-empty", "-m", message)
        return self.git(folder, "rev-parse", "HEAD")

    @staticmethod
    def git(folder: Path, *args: str) -> str:
        """Run git in `folder` and return what it prints."""
        return subprocess.run(
            ["git", "-C", str(folder), *args], check=True, capture_output=True, text=True
        ).stdout.strip()


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Forge:
    config = tmp_path / "gitconfig"
    config.write_text(
        "[user]\n name = Test\n email = test@example.org\n"
        f'[url "{tmp_path}/forge/"]\n insteadOf = {ADDRESS}/\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return Forge(tmp_path / "forge")


class Locked(SimpleHTTPRequestHandler):
    """Serves files to anna alone and writes nothing to the terminal."""

    def do_GET(self) -> None:
        if self.headers["Authorization"] == BASIC_ANNA:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="private"')
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


class Nothing(BaseHTTPRequestHandler):
    """Knows no address."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def locked_server(forge: Forge) -> Iterator[str]:
    """The forge's files over plain HTTP, behind a password; git's dumb protocol can read them."""
    yield from serve(partial(Locked, directory=str(forge.root)))


@pytest.fixture
def empty_server() -> Iterator[str]:
    """A web server without repositories."""
    yield from serve(Nothing)


def serve(handler: partial[Locked] | type[Nothing]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
