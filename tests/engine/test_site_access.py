"""A closed site, for real: an HTTPS index that needs the site's CA certificate and its proxy."""

import base64
import http.server
import json
import socket
import ssl
import subprocess
import threading
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest

from paper2run.errors import HostError
from paper2run.model.outcome import Built
from paper2run.rendering.injection import Injection
from tasks.drivers.engine.engine import Engine
from tests.engine.conftest import Build, gateway
from tests.engine.relay import Relay

pytestmark = pytest.mark.docker
HOST = "packages.site.example"
PASSWORD = "s3cret-of-the-site"
WHEEL = "sitepackage-1.0-py3-none-any.whl"


@dataclass
class Index:
    """A package index with one package, behind a password."""

    url: str
    ca_pem: str
    proxy: str
    proxy_requests: list[bytes]
    authorizations: list[str | None] = field(default_factory=list)


def wheel() -> bytes:
    files = {
        "sitepackage.py": "NAME = 'from the site'\n",
        "sitepackage-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: sitepackage\nVersion: 1.0\n",
        "sitepackage-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "sitepackage-1.0.dist-info/RECORD": "",
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture
def index(engine: Engine, base: str, run_id: str, tmp_path: Path) -> Iterator[Index]:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    data = wheel()
    authorizations: list[str | None] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            authorizations.append(self.headers["Authorization"])
            page = f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
            body = {"/simple/sitepackage/": page, f"/{WHEEL}": data}.get(self.path)
            if self.headers["Authorization"] is None:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="site"')
                body = b""
            else:
                self.send_response(200 if body else 404)
            self.send_header(
                "Content-Type", "text/html" if body == page else "application/octet-stream"
            )
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = gateway(engine, base, run_id)
    with Relay(
        host, lambda: socket.create_connection(server.server_address), is_proxy=True
    ) as proxy:
        yield Index(
            url=f"https://someone:{PASSWORD}@{HOST}/simple/",
            ca_pem=certificate.read_text(),
            proxy=f"http://{host}:{proxy.port}",
            proxy_requests=proxy.requests,
            authorizations=authorizations,
        )
    server.shutdown()
    server.server_close()


def image_bytes(engine: Engine, image: str) -> bytes:
    """Return all layers and the configuration of an image, as `docker save` gives them."""
    return b"".join(engine.client.images.get(image).save())


def test_site_access_reaches_every_step_and_nothing_of_it_stays(
    engine: Engine, build_image: Build, index: Index
) -> None:
    injection = Injection(
        ca_bundle=index.ca_pem, index_url=index.url, proxies=(("HTTPS_PROXY", index.proxy),)
    )
    fetch = (
        "import ssl, sys, urllib.request as u;"
        " r = u.Request(sys.argv[1], headers={'Authorization': 'Basic eDp5'});"
        " print(len(u.urlopen(r).read()), 'bytes by urllib')"
    )
    address = f"https://{HOST}/simple/sitepackage/"

    built = build_image(
        f"ENV MARK={uuid.uuid4()}\n"
        "RUN pip install --no-compile sitepackage \\\n"
        "    # a comment between\n"
        '  && python -c "import sitepackage; print(sitepackage.NAME)"\n'
        f'RUN python -c "{fetch}" {address}',
        injection=injection,
    )

    assert isinstance(built, Built), built.log.stderr
    assert "from the site" in built.log.stdout
    assert "bytes by urllib" in built.log.stdout
    # Which HTTP version it says is the interpreter's affair (1.0 on Debian's Python 3.11.2, 1.1 on later ones).
    asked = f"CONNECT {HOST}:443 ".encode()
    assert any(request.startswith(asked) for request in index.proxy_requests)
    credentials = base64.b64encode(f"someone:{PASSWORD}".encode()).decode()
    assert f"Basic {credentials}" in index.authorizations
    everything = image_bytes(engine, built.image)
    assert b"sitepackage" in everything
    for trace in (PASSWORD, index.proxy.removeprefix("http://")):
        assert trace.encode() not in everything
    for line in index.ca_pem.splitlines()[1:-2]:
        assert line.encode() not in everything
    inspected = engine.client.images.get(built.image)
    environment = [entry.split("=")[0] for entry in inspected.attrs["Config"]["Env"]]
    assert not set(injection.build_args) & set(environment)
    history = json.dumps(inspected.history())
    assert "pip install" in history
    for trace in (PASSWORD, "index-url", index.proxy, "begin cert"):
        assert trace.lower() not in history.lower()


def test_without_the_bundle_the_same_index_is_refused_as_host_trouble(
    build_image: Build, index: Index
) -> None:
    with pytest.raises(HostError, match="package index") as caught:
        build_image(
            f"ENV MARK={uuid.uuid4()}\nRUN pip install --retries 1 sitepackage",
            injection=Injection(index_url=index.url, proxies=(("HTTPS_PROXY", index.proxy),)),
        )

    assert caught.value.transient
    assert index.proxy_requests
    assert index.authorizations == []


def test_package_that_brings_its_own_certificates_can_be_installed_beside_the_mount(
    build_image: Build, index: Index
) -> None:
    # What update-ca-certificates does to the file, which a mount over it would make fail.
    replace = (
        "RUN mkdir -p /etc/ssl/certs && cd /etc/ssl/certs && touch ca-certificates.crt"
        " && cp ca-certificates.crt new && mv new ca-certificates.crt"
    )

    built = build_image(
        f"ENV MARK={uuid.uuid4()}\n{replace}", injection=Injection(ca_bundle=index.ca_pem)
    )

    assert isinstance(built, Built), built.log.stderr
