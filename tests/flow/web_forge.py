"""A forge behind plain HTTP on loopback: git's dumb protocol, with an optional password or no answer."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

ANNA = "anna:hunter2"
BASIC_ANNA = "Basic YW5uYTpodW50ZXIy"
POLL_S = 0.1


class Forge(SimpleHTTPRequestHandler):
    """Serves files; to anna alone where it is locked, and not before the file `gate` is there."""

    def __init__(self, *args: Any, locked: bool, gate: Path | None, **more: Any) -> None:
        self.locked, self.gate = locked, gate
        super().__init__(*args, **more)

    def do_GET(self) -> None:
        while self.gate is not None and not self.gate.exists():
            time.sleep(POLL_S)
        if self.locked and self.headers["Authorization"] != BASIC_ANNA:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *args: object) -> None:
        return


@contextmanager
def web_forge(repository: Path, *, locked: bool = False, gate: Path | None = None) -> Iterator[str]:
    """Give `host:port/o/<name>.git`, where the repository is served."""
    place = repository.parent / f"{repository.name}.forge" / "o"
    place.mkdir(parents=True)
    (place / f"{repository.name}.git").symlink_to(repository / ".git")
    subprocess.run(["git", "update-server-info"], cwd=repository, check=True)
    handler = partial(Forge, locked=locked, gate=gate, directory=str(place.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}/o/{repository.name}.git"
    finally:
        if gate is not None:
            # Whoever still waits gets an answer.
            gate.touch()
        server.shutdown()
        server.server_close()
