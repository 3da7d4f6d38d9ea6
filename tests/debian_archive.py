"""A tiny Debian archive over HTTP: the live one, and snapshots of it that mirrors serve.

Layout: https://wiki.debian.org/DebianRepository/Format, and that of https://snapshot.debian.org below `/archive/`,
which answers for any time with the state before it. Packages are architecture `all` and hold one file.
"""

import gzip
import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

SUITE = "bookworm"
EXPIRED = "Valid-Until: Sun, 08 Nov 2020 00:00:00 UTC\n"
"""In the lists of a snapshot, which was served until then."""


@dataclass
class Archive:
    """What the server has; tests change it while it serves."""

    url: str = ""
    live: dict[str, str] = field(default_factory=dict)
    """Version of each package of the live archive."""
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    """The same by the time from which a snapshot has it."""
    security: dict[str, str] = field(default_factory=dict)
    """The same of the security archive, at all times."""
    closed: set[str] = field(default_factory=set)
    """First folders of addresses that answer 404: `debian`, `archive`, `second`."""
    failures: int = 0
    """Answers 503 that snapshots give before the next right one."""
    asked: list[str] = field(default_factory=list)
    """Paths, in order."""

    def sources(self) -> str:
        """Return the line of the live archive in apt's sources."""
        return f"deb [trusted=yes] {self.url}/debian {SUITE} main\n"

    def sources_of_today(self) -> str:
        """Return the same as a paragraph, with the security archive beside it."""
        return "".join(
            f"Types: deb\nURIs: {self.url}/{place}\nSuites: {suite}\nComponents: main\nTrusted: yes\n\n"
            for place, suite in (("debian", SUITE), ("debian-security", f"{SUITE}-security"))
        )

    def mirror(self, name: str = "archive") -> str:
        """Return the address of a mirror of the snapshots."""
        return f"{self.url}/{name}/debian"

    def answer(self, path: str) -> bytes | None:
        """Return the body of a path; None where nothing is."""
        place, *rest = path.strip("/").split("/")
        if place in self.closed:
            return None
        if place in ("debian", "debian-security"):
            return _answer(self.live if place == "debian" else self.security, rest, "")
        if len(rest) < 3 or rest[0] not in ("debian", "debian-security"):
            return None
        if rest[0] == "debian-security":
            return _answer(self.security, rest[2:], EXPIRED)
        known = [time for time in sorted(self.states) if time <= rest[1]]
        return _answer(self.states[known[-1]], rest[2:], EXPIRED) if known else None


@contextmanager
def debian_archive(host: str) -> Iterator[Archive]:
    """Serve an empty archive on an address of this machine until the end of the block."""
    archive = Archive()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            archive.asked.append(self.path)
            body, status = archive.answer(unquote(self.path)), 200
            if not self.path.startswith("/debian/") and archive.failures:
                archive.failures -= 1
                body, status = b"", 503
            self.send_response(404 if body is None else status)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = http.server.ThreadingHTTPServer((host, 0), Handler)
    archive.url = f"http://{host}:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()


def _answer(versions: Mapping[str, str], parts: list[str], until: str) -> bytes | None:
    if parts[0] == "pool":
        name, _, version = parts[-1].removesuffix("_all.deb").partition("_")
        return deb(name, version) if versions.get(name) == version else None
    packages = _packages(versions)
    listed = {"Packages": packages, "Packages.gz": gzip.compress(packages, mtime=0)}
    if parts[0] != "dists" or parts[1] not in (SUITE, f"{SUITE}-security"):
        return None
    if parts[2] == "main":
        return listed.get(parts[-1])
    return _release(parts[1], listed, until) if parts[2:] == ["Release"] else None


def _packages(versions: Mapping[str, str]) -> bytes:
    return "".join(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: tests <tests@example.org>\n"
        f"Description: {name}\nFilename: pool/{name}_{version}_all.deb\nSize: {len(deb(name, version))}\n"
        f"SHA256: {hashlib.sha256(deb(name, version)).hexdigest()}\n\n"
        for name, version in sorted(versions.items())
    ).encode()


def _release(suite: str, listed: Mapping[str, bytes], until: str) -> bytes:
    entries = "".join(
        f" {hashlib.sha256(body).hexdigest()} {len(body)} main/binary-{machine}/{name}\n"
        for machine in ("amd64", "arm64")
        for name, body in listed.items()
    )
    return (
        f"Origin: Debian\nSuite: stable\nCodename: {suite}\nDate: Sun, 01 Nov 2020 00:00:00 UTC\n"
        f"{until}Architectures: amd64 arm64\nComponents: main\nSHA256:\n{entries}"
    ).encode()


def deb(name: str, version: str) -> bytes:
    """Return a package whose only file, `/usr/share/NAME/version`, holds its version.

    https://manpages.debian.org/deb.5
    """
    control = (
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: tests <tests@example.org>\n"
        f"Description: {name}\n"
    )
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": _tar({"control": control.encode()}),
        "data.tar.gz": _tar({f"usr/share/{name}/version": f"{version}\n".encode()}),
    }
    body = b"!<arch>\n"
    for member, content in members.items():
        body += f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        body += content + b"\n" * (len(content) % 2)
    return body


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, content in files.items():
            parts = path.split("/")
            for depth in range(1, len(parts)):
                folder = tarfile.TarInfo("./" + "/".join(parts[:depth]))
                folder.type, folder.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(folder)
            member = tarfile.TarInfo(f"./{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)
