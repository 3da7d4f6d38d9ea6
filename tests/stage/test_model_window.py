"""How large a prompt may be: by the user's word, LiteLLM's list, or the server's own list of models."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tasks.drivers.model.chat import DEFAULT_CONTEXT_TOKENS
from tasks.drivers.model.model_endpoint import Endpoint
from tasks.drivers.model.window import window_tokens


@pytest.fixture
def listing():
    """Serve what the test puts into it at `/v1/models`."""
    served: dict[str, object] = {"status": 200, "body": {}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = served["body"]
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(served["status"] if self.path == "/v1/models" else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Keep the terminal quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    served["url"] = f"http://127.0.0.1:{server.server_address[1]}/v1"
    yield served
    server.shutdown()
    server.server_close()


def asked(listing, told=None, model="openai/lab/own"):
    return window_tokens(Endpoint(model, str(listing["url"]), "k"), told)


@pytest.mark.parametrize(
    "row",
    [
        {"id": "lab/own", "max_model_len": 32768},
        {"id": "lab/own", "context_length": 32768},
        {"id": "lab/own", "meta": {"n_ctx": 32768}},
    ],
)
def test_a_server_that_tells_its_window_is_believed(listing, row):
    others = [{"id": "lab/ow", "max_model_len": 9}, {"id": "", "max_model_len": 9}, {"n_ctx": 9}]
    listing["body"] = {"data": [*others, row]}
    assert asked(listing) == 32768


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"data": [{"id": "lab/own"}]}),
        (200, {"data": [{"id": "lab/own", "max_model_len": "much"}, 7, None]}),
        (200, {"data": 3}),
        (200, [1]),
        (200, b"<html>"),
        (404, {}),
    ],
)
def test_a_server_that_does_not_tell_it_has_the_default(listing, status, body):
    listing.update(status=status, body=body)
    assert asked(listing) == DEFAULT_CONTEXT_TOKENS


def test_the_users_word_wins_and_litellms_list_is_next(listing):
    listing["body"] = {"data": [{"id": "gpt-4o", "max_model_len": 9}]}
    assert asked(listing, told=50_000, model="openai/gpt-4o") == 50_000
    assert asked(listing, model="openai/gpt-4o") == 128_000


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://127.0.0.1:abc/v1"])
def test_a_server_that_is_not_there_has_the_default(url):
    at = Endpoint("openai/nobody", url, "k")
    assert window_tokens(at, None) == DEFAULT_CONTEXT_TOKENS
