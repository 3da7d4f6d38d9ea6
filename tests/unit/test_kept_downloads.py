"""What a build gets that keeps its downloads, and one that is served from them."""

import json

from paper2run.exports.oci_layout import Blob, LayoutImage, docker_manifest, index, manifest
from paper2run.proofs.own_dockerfile import strangeness
from paper2run.rendering.injection import Injection
from paper2run.rendering.kept_downloads import KeptDownloads, runtime_for

DOCKERFILE = """\
FROM python:3.11-slim@sha256:0
SHELL ["/bin/sh", "-e", "-c"]
RUN apt-get update && \\
    apt-get install -y bc
RUN ["/bin/true"]
COPY repo/ /repo/
RUN pip install .
"""
PROGRAM = (("tasks/server.py", "print(1)"), ("tasks/other.py", ""))
SITE = Injection(
    ca_bundle="SITE",
    index_url="https://ada:secret@index/simple",
    proxies=(("HTTPS_PROXY", "http://proxy:1"), ("NO_PROXY", "here")),
    registry_prefix="mirror/library",
    cache_owner="0a",
)
KEEPS = KeptDownloads.keeping(SITE, "python:3.12-slim", PROGRAM, "PEM", "KEY")
SERVES = KeptDownloads.serving(
    Injection(index_url="https://index/simple"), "runtime:1", PROGRAM, "PEM", "base:1"
)
BESIDE = (
    "--mount=type=bind,source=.paper2run,target=/mnt "
    "--mount=type=bind,from={},source=/,target=/media sh /mnt/downloads/start.sh; "
)


def test_each_shell_step_starts_the_proxy_and_nothing_else_changes() -> None:
    for injection, runtime in ((KEEPS, "python:3.12-slim"), (SERVES, "runtime:1")):
        ours, beside = injection.apply(DOCKERFILE), BESIDE.format(runtime)
        assert f"RUN {beside}apt-get update && \\\n    apt-get install -y bc\n" in ours
        assert f"RUN {beside}pip install .\n" in ours
        assert 'RUN --mount=type=bind,source=.paper2run,target=/mnt ["/bin/true"]\n' in ours
        assert "COPY repo/ /repo/\n" in ours
        assert injection.strip(f"RUN {beside}pip install .") == "RUN pip install ."


def test_a_build_that_keeps_is_the_sites_own_behind_the_proxy() -> None:
    files = KEEPS.files

    assert KEEPS.apply(DOCKERFILE).startswith("FROM mirror/library/python:3.11-slim@sha256:0\n")
    assert dict(KEEPS.proxies)["https_proxy"] == "http://127.0.0.1:18377"
    assert files["ca.pem"] == files["downloads/ca.pem"] == b"PEM"
    assert files["downloads/ca-key.pem"] == b"KEY"
    assert files["downloads/site-ca.pem"] == b"SITE"
    assert b"ada:secret" in files["pip/pip.conf"]
    site = json.loads(files["downloads/site.json"])
    assert (site["proxies"], site["no_proxy"]) == ({"https": "http://proxy:1"}, "here")
    assert b" keep 18377 /.paper2run-downloads " in files["downloads/start.sh"]
    # A download that comes out of a cache is none that is kept.
    assert "type=cache" not in KEEPS.apply(DOCKERFILE)


def test_a_build_that_is_served_needs_nothing_of_the_site() -> None:
    files = SERVES.files

    assert SERVES.apply(DOCKERFILE).startswith("FROM base:1\n")
    assert not {"downloads/ca-key.pem", "downloads/site.json", "downloads/site-ca.pem"} & {*files}
    assert b" serve 18377 /mnt/kept " in files["downloads/start.sh"]
    assert SERVES.build_args["APT_CONFIG"] == "/mnt/downloads/apt.conf"
    assert "APT_CONFIG" not in KEEPS.build_args


def test_a_dockerfile_with_our_mounts_is_none_that_a_run_writes() -> None:
    assert strangeness(SERVES.apply(DOCKERFILE)) == "a flag of RUN"


def test_the_proxy_runs_on_the_base_image_or_on_the_newest_python_that_is_here() -> None:
    assert runtime_for("mirror/python:3.8-slim@sha256:0", ("3.11",), "") == (
        "mirror/python:3.8-slim@sha256:0"
    )
    for base in ("debian:bookworm-slim", "python:3.7-slim", "python:2.7", "python:3.11-alpine"):
        assert (
            runtime_for(base, ("2.7", "3.6", "3.9", "3.11"), "mirror") == "mirror/python:3.11-slim"
        )
    assert runtime_for("debian:bookworm-slim", ("3.6",), "") == "python:3.12-slim"


def test_a_layout_names_its_blobs_for_engines_old_and_new() -> None:
    layers = (
        Blob(sha256="b" * 64, size_bytes=2),
        Blob(sha256="c" * 64, size_bytes=3, packing="+gzip"),
    )
    image = LayoutImage(
        name="paper2run/mesh:1-2",
        config=Blob(sha256="a" * 64, size_bytes=1),
        layers=layers,
        architecture="amd64",
        os="linux",
        labels=(("org.opencontainers.image.title", "mesh"), ("paper2run.run", "1")),
    )

    said = json.loads(manifest(image))
    assert said["annotations"] == {"org.opencontainers.image.title": "mesh"}
    assert [layer["mediaType"].rpartition(".")[2] for layer in said["layers"]] == [
        "tar",
        "tar+gzip",
    ]
    assert said["config"]["digest"] == f"sha256:{'a' * 64}"
    [named] = json.loads(index([(image, Blob(sha256="d" * 64, size_bytes=4))]))["manifests"]
    assert named["annotations"]["org.opencontainers.image.ref.name"] == "1-2"
    assert named["platform"] == {"architecture": "amd64", "os": "linux"}
    [for_docker] = json.loads(docker_manifest([image]))
    assert for_docker["RepoTags"] == ["paper2run/mesh:1-2"]
    assert for_docker["Layers"] == [f"blobs/sha256/{'b' * 64}", f"blobs/sha256/{'c' * 64}"]
