"""Which Prefect API a command takes: one that refuses the login that is known here is not ours."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_SERVER_API_PORT,
    temporary_settings,
)

from paper2run.errors import HostError
from tasks.running.server import find_or_start
from tests.stage.conftest import BASIC_ANNA


class Guarded(BaseHTTPRequestHandler):
    """Answers as Prefect's API does: its health to everybody, all else to anna."""

    def do_GET(self) -> None:
        allowed = self.path == "/api/health" or self.headers["Authorization"] == BASIC_ANNA
        body = b"true" if allowed else b'{"exception_message":"Unauthorized"}'
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.mark.parametrize("configured", [True, False], ids=["configured", "local"])
def test_a_server_that_refuses_the_login_is_told_with_the_next_step(port: int, configured: bool):
    url = f"http://127.0.0.1:{port}/api"
    place = {PREFECT_API_URL: url if configured else None, PREFECT_SERVER_API_PORT: port}
    with (
        temporary_settings(place | {PREFECT_API_AUTH_STRING: "bob:x"}),
        pytest.raises(HostError) as caught,
    ):
        find_or_start(pytest.fail)
    assert url in caught.value.what
    assert "PREFECT_API_AUTH_STRING" in caught.value.hint

    with temporary_settings(place | {PREFECT_API_AUTH_STRING: "anna:hunter2"}):
        assert find_or_start(pytest.fail).url == url
