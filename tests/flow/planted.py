"""What runs are made of on a local index and local mirrors, so that a test can change it afterwards."""

import base64
import hashlib
import http.server
import socket
import ssl
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from tests.engine.relay import Relay
from tests.flow.git_site import answer

HOST = "site.example"
"""No plan may name a bare address, so a proxy knows this name."""


@dataclass
class Site:
    """A host with a package index below `/simple/` and all files, by name, below `/files/`."""

    url: str = f"https://{HOST}"
    proxy: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    tells_digests: bool = False
    """Whether the index says the sha256 of each file."""
    repositories: Path | None = None
    """Folder of bare git repositories, which are served below `/code/`."""

    def publish(self, name: str, version: str, code: str, *requires: str) -> str:
        """Publish a wheel with one module; return its address."""
        file = f"{name}-{version}-py3-none-any.whl"
        self.files[file] = wheel(name, version, code, requires)
        return f"{self.url}/files/{file}"

    def publish_source(self, name: str, version: str, code: str) -> None:
        """Publish a source that builds without another package."""
        self.files[f"{name}-{version}.tar.gz"] = source(name, version, code)

    def digest(self, address: str) -> str:
        return hashlib.sha256(self.files[address.rpartition("/")[2]]).hexdigest()

    def answer(self, path: str) -> tuple[bytes | None, str]:
        """Return the body of a path, None where nothing is, and its type."""
        folder, _, name = path.strip("/").partition("/")
        if folder == "files":
            kind = "application/zip" if name.endswith(".whl") else "application/octet-stream"
            return self.files.get(name), kind
        links = "".join(
            f'<a href="/files/{file}{self._fragment(file)}">{file}</a>'
            for file in sorted(self.files)
            if file.partition("-")[0] == name
        )
        return links.encode() or None, "text/html"

    def _fragment(self, file: str) -> str:
        return f"#sha256={self.digest(file)}" if self.tells_digests else ""


def wheel(name: str, version: str, code: str, requires: tuple[str, ...] = ()) -> bytes:
    """Return a wheel of one module, the same bytes for the same content."""
    folder = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    texts = {
        f"{name}.py": code,
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{folder}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*texts, f"{folder}/RECORD"))
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in {**texts, f"{folder}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return buffer.getvalue()


BACKEND = """\
import base64, pathlib
WHEEL = base64.b64decode({wheel!r})
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    pathlib.Path(wheel_directory, {file!r}).write_bytes(WHEEL)
    return {file!r}
"""


def project(name: str, version: str, code: str) -> dict[str, str]:
    """Return the files of a project that is its own build backend (PEP 517, `backend-path`)."""
    file = f"{name}-{version}-py3-none-any.whl"
    return {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n',
        "own.py": BACKEND.format(wheel=base64.b64encode(wheel(name, version, code)), file=file),
    }


def source(name: str, version: str, code: str) -> bytes:
    """Return a source distribution that builds without another package."""
    texts = project(name, version, code)
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in texts.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, BytesIO(text.encode()))
    return buffer.getvalue()


@contextmanager
def serving(site: Site, host: str, folder: Path) -> Iterator[Path]:
    """Serve the site by TLS behind a proxy on an address of this machine.

    Yield the certificate, made in the folder.
    """
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if site.repositories and self.path.startswith("/code/"):
                self._git(site.repositories)
                return
            body, kind = site.answer(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        do_POST = do_GET

        def _git(self, root: Path) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, fields, body = answer(
                root, self.command, self.path.removeprefix("/code"), headers, asked
            )
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Relay(
            host, lambda: socket.create_connection(server.server_address[:2]), is_proxy=True
        ) as proxy:
            site.proxy = f"http://{host}:{proxy.port}"
            yield certificate
    finally:
        server.shutdown()
        server.server_close()
