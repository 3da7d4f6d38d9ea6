"""A base image is pinned by the digest that the registry of its own name knows."""

import pytest

from paper2run.rendering.image_names import digest_in

KNOWN = ["127.0.0.1:5000/library/python@sha256:1", "python@sha256:2", "ghcr.io/o/n@sha256:3"]


@pytest.mark.parametrize(
    ("reference", "digest"),
    [
        ("python:3.11-slim", "sha256:2"),
        ("python", "sha256:2"),
        ("docker.io/library/python:3.11-slim", "sha256:2"),
        ("127.0.0.1:5000/library/python:3.11-slim", "sha256:1"),
        ("127.0.0.1:5000/library/python", "sha256:1"),
        ("ghcr.io/o/n:1@sha256:3", "sha256:3"),
        ("debian:bookworm-slim", ""),
        ("other.example/python:3.11-slim", ""),
    ],
)
def test_a_digest_of_another_registry_does_not_count(reference: str, digest: str) -> None:
    assert digest_in(KNOWN, reference) == digest


def test_an_image_that_was_pushed_elsewhere_alone_has_no_digest_of_its_own():
    assert digest_in(KNOWN[:1], "python:3.11-slim") == ""
