from pathlib import Path

import pytest

from paper2run.errors import UserError
from paper2run.rendering.injection import Injection, base_images, instructions
from paper2run.settings import Settings

DOCKERFILE = """\
# RUN in a comment stays
FROM python:3.9-slim AS build
SHELL ["/bin/sh", "-e", "-c"]
RUN apt-get update \\
    # explained in between

    && apt-get install -y gcc
run pip install numpy
FROM build
COPY repo/ /repo/
CMD ["RUN"]
"""
SITE = Injection(
    ca_bundle="PEM", index_url='https://u:p@host/"simple"', proxies=(("HTTP_PROXY", "p"),)
)


def test_instructions_joined_give_the_dockerfile_again() -> None:
    assert "".join(instruction.text for instruction in instructions(DOCKERFILE)) == DOCKERFILE


def test_every_run_and_nothing_else_gets_the_mounts() -> None:
    ours = SITE.apply(DOCKERFILE)

    assert ours.count("--mount=type=bind,source=.paper2run,target=/mnt ") == 2
    assert ours.count("--mount=type=cache") == ours.count("target=/././root/.cache/pip ")
    assert "# RUN in a comment stays\n" in ours
    assert 'CMD ["RUN"]\n' in ours
    assert "target=/mnt apt-get update \\\n    # explained in between\n\n    && apt-get" in ours


def test_every_stage_declares_the_variables_without_values() -> None:
    lines = SITE.apply(DOCKERFILE).splitlines()

    assert lines.count("ARG PIP_CERT") == 2
    assert lines[lines.index("FROM build") + 1].startswith("ARG ")
    assert not any("=" in line for line in lines if line.startswith("ARG"))


def test_without_site_settings_only_the_caches_of_the_repository_are_added() -> None:
    text = "FROM a\nARG PIP_NO_CACHE_DIR=1\nRUN apt-get update\nRUN python -m pip install .\nRUN npm ci\n"
    ours = Injection(cache_owner="0a")

    assert ours.apply(text) == (
        "FROM a\nRUN apt-get update\n"
        "RUN --mount=type=cache,id=paper2run-0a-pip,target=/././root/.cache/pip python -m pip install .\n"
        "RUN --mount=type=cache,id=paper2run-0a-npm,target=/././root/.npm npm ci\n"
    )
    # Any value of the variable turns pip's cache off.
    assert "PIP_NO_CACHE_DIR" not in ours.build_args
    assert Injection().apply(text) == text
    assert (Injection().files, Injection().build_args) == ({}, {})


def test_repositories_have_download_caches_of_their_own() -> None:
    one, other = (Injection.of(Settings(), f"https://forge.test/{name}") for name in "ab")

    assert one.cache_owner != other.cache_owner
    assert one.cache_owner == Injection.of(Settings(), "https://forge.test/a").cache_owner


def test_index_and_its_credentials_are_in_mounted_files_only() -> None:
    assert "u:p" not in str(SITE.build_args) + SITE.apply(DOCKERFILE) + repr(SITE)
    assert SITE.files["pip/pip.conf"] == b'[global]\nindex-url = https://u:p@host/"simple"\n'
    assert b'url = "https://u:p@host/\\"simple\\""' in SITE.files["uv/uv.toml"]


def test_reported_step_is_stripped_of_the_mounts() -> None:
    run = SITE.apply("FROM a\nRUN make all\n").splitlines()[-1]

    assert SITE.strip(f"[2/2] {run}") == "[2/2] RUN make all"
    owned = Injection(cache_owner="0a", ca_bundle="PEM")
    run = owned.apply("FROM a\nRUN pip install six && npm ci\n").split("\n")[-2]
    assert run.count("--mount") == 3
    assert owned.strip(f"[2/2] {run}") == "[2/2] RUN pip install six && npm ci"


def test_settings_give_bundle_index_and_proxies_in_both_spellings(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("PEM")
    settings = Settings(
        ca_bundle=bundle, index_url="https://host/simple", https_proxy="http://proxy:1"
    )

    injection = Injection.of(settings)

    assert injection.files["ca.pem"] == b"PEM"
    assert injection.build_args["SSL_CERT_FILE"] == "/mnt/ca.pem"
    assert (
        injection.build_args["HTTPS_PROXY"]
        == injection.build_args["https_proxy"]
        == "http://proxy:1"
    )


def test_bundle_that_cannot_be_read_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read") as caught:
        Injection.of(Settings(ca_bundle=tmp_path / "missing.pem"))

    assert "PAPER2RUN_CA_BUNDLE" in caught.value.hint


@pytest.mark.parametrize(
    ("dockerfile", "images"),
    [
        ("FROM python:3.9-slim\n", ("python:3.9-slim",)),
        ("FROM --platform=linux/amd64 a AS one\nFROM one\nFROM b\n", ("a", "b")),
        ("ARG V=1\nFROM python:${V}\n", ()),
        ("FROM scratch\nRUN echo FROM x\n", ()),
        ("from a as b\nfrom B\nfrom b\n", ("a", "B")),
        ("FROM \\\n  a\n", ("a",)),
        ("FROM\n", ()),
    ],
)
def test_base_images_are_those_that_must_come_from_somewhere(
    dockerfile: str, images: tuple[str, ...]
) -> None:
    assert base_images(dockerfile) == images


def test_official_base_images_come_from_the_sites_mirror_and_others_from_where_they_are():
    site = Injection(registry_prefix="mirror.example.org/library/")

    lines = (
        "FROM --platform=linux/amd64 python:3.11-slim@sha256:1 AS a\nFROM ghcr.io/o/n:1\nFROM a\n"
    )

    assert site.apply(lines) == lines.replace(
        "python:3.11", "mirror.example.org/library/python:3.11"
    )
