"""Serves a conda channel with a few generated packages on loopback.

The archives, the metadata and HTTP are real. Package format:
https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html
"""

import base64
import hashlib
import io
import json
import ssl
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class Channel:
    """One channel's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for subdir in ("linux-64", "noarch"):
            (root / subdir).mkdir(parents=True)
            self._keep(subdir, {})

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, str] | None = None,
        *,
        day: date = date(2020, 1, 1),
        depends: tuple[str, ...] = (),
        subdir: str = "linux-64",
        build: str = "0",
        **index: object,
    ) -> None:
        """Write one package and its record; `index` is added to what it says of itself."""
        stem = f"{name}-{version}-{build}"
        stamp = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        about = {
            "name": name, "version": version, "build": build, "build_number": 0, "subdir": subdir,
            "depends": list(depends), "license": "MIT", "timestamp": int(stamp * 1000), **index,
        }  # fmt: skip
        data = self._archive(about, files or {f"share/{name}.txt": version})
        (self.root / subdir / f"{stem}.tar.bz2").write_bytes(data)
        records = json.loads((self.root / subdir / "repodata.json").read_text())["packages"]
        records[f"{stem}.tar.bz2"] = {
            **about,
            "md5": hashlib.md5(data).hexdigest(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
        }
        self._keep(subdir, records)

    def _keep(self, subdir: str, records: Mapping[str, object]) -> None:
        listed = {
            "info": {"subdir": subdir},
            "packages": records,
            "packages.conda": {},
            "repodata_version": 1,
        }
        (self.root / subdir / "repodata.json").write_text(json.dumps(listed))

    @staticmethod
    def _archive(about: Mapping[str, object], files: Mapping[str, str]) -> bytes:
        paths = [
            {
                "_path": path,
                "path_type": "hardlink",
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "size_in_bytes": len(text.encode()),
            }
            for path, text in files.items()
        ]
        members = {
            **files,
            "info/index.json": json.dumps(about),
            "info/paths.json": json.dumps({"paths_version": 1, "paths": paths}),
            "info/files": "".join(f"{path}\n" for path in files),
            "info/about.json": "{}",
        }
        if about.get("noarch") == "python":
            link = {"noarch": {"type": "python", "entry_points": about.get("entry_points", [])},
                    "package_metadata_version": 1}  # fmt: skip
            members["info/link.json"] = json.dumps(link)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:bz2") as archive:
            for path, text in members.items():
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(text.encode()), 0o755
                archive.addfile(member, io.BytesIO(text.encode()))
        return buffer.getvalue()


class Handler(SimpleHTTPRequestHandler):
    """Files, to those who know the password if there is one; writes down what it was asked for."""

    asked: list[str]
    login: str

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.login and self.headers["Authorization"] != self.server.login:
            self.send_error(401)
            return
        super().do_GET()

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None:
        return


@contextmanager
def served(
    folder: Path,
    *,
    login: str = "",
    certificate: tuple[Path, Path] | None = None,
    host: str = "127.0.0.1",
    handler: type[Handler] = Handler,
) -> Iterator[ThreadingHTTPServer]:
    """Serve what is below `folder`; `login` is `user:password`, `certificate` a chain and its key."""
    server = ThreadingHTTPServer((host, 0), partial(handler, directory=str(folder)))
    server.asked = []
    server.login = "Basic " + base64.b64encode(login.encode()).decode() if login else ""
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
