"""Certificates for hosts, signed by the authority of one build.

Runs inside build steps, as download_server.py says.
"""

from __future__ import annotations

import re
import secrets
import ssl
import subprocess
import threading
from pathlib import Path

DAYS = "36500"
"""As those of the authority (host/authority.py): a bundle is rebuilt decades later too."""


class Certificates:
    """A certificate for each host, made when it is first asked for, and kept beside the downloads."""

    def __init__(self, folder: Path, authority: Path, openssl: list[str]) -> None:
        self.folder = folder
        self._authority = authority
        self._openssl = openssl
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def context(self, host: str, make: bool) -> ssl.SSLContext | None:
        """Return what opens connections to the host; None if it has no certificate and none is to be made."""
        with self._lock:
            if host not in self._contexts:
                path = self.folder / (host.strip("[]").replace(":", "_") + ".pem")
                if not path.is_file():
                    if not make:
                        return None
                    self._make(host, path)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(str(path))
                self._contexts[host] = context
            return self._contexts[host]

    def _make(self, host: str, path: Path) -> None:
        name = host.strip("[]")
        is_address = ":" in name or re.fullmatch(r"[0-9.]+", name)
        key, request = path.with_suffix(".key"), path.with_suffix(".csr")
        extensions = path.with_suffix(".ext")
        extensions.write_text(
            "subjectAltName={}:{}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
            "[req]\ndistinguished_name=name\n[name]\n".format("IP" if is_address else "DNS", name)
        )
        authority = self._authority
        run = [
            ["ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key],
            ["req", "-new", "-key", key, "-subj", "/CN=" + name[:64], "-config", extensions, "-out", request],
            ["x509", "-req", "-in", request, "-CA", authority / "ca.pem", "-CAkey", authority / "ca-key.pem",
             "-set_serial", str(secrets.randbits(120)), "-days", DAYS, "-sha256",
             "-extfile", extensions, "-out", path],
        ]  # fmt: skip
        for arguments in run:
            subprocess.run(
                [*self._openssl, *map(str, arguments)], check=True, capture_output=True, timeout=60
            )
        path.write_bytes(path.read_bytes() + key.read_bytes())
        for rest in (key, request, extensions):
            rest.unlink()
