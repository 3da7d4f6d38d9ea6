"""A Dockerfile that no run has written is not built with this site's access."""

import pytest

from paper2run.proofs.own_dockerfile import strangeness
from tests.cases import REPOS

OURS = "# Planned\nFROM python:3.11-slim\nRUN true\nCOPY --chown=1000:1000 repo/ /repo/\nWORKDIR /repo\n"
WRITTEN = sorted(path for path in REPOS.glob("*/Dockerfile"))


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.parent.name)
def test_what_a_run_writes_is_of_its_form(path):
    assert strangeness(path.read_text()) == ""


@pytest.mark.parametrize(
    "text",
    [
        f"# syntax=evil/frontend:1\n{OURS}",
        f"{OURS}RUN --mount=type=cache,id=paper2run-0a-pip,target=/x cat /x/a\n",
        f"{OURS}run  --network=host curl example.org\n",
        f"{OURS}FROM scratch\n",
        f"{OURS}ADD https://example.org/x /x\n",
        f"{OURS}COPY .paper2run /x\n",
        f"{OURS}COPY --from=other /x /x\n",
        "RUN true\n",
    ],
)
def test_what_no_run_writes_is_named(text):
    assert strangeness(OURS) == ""
    assert strangeness(text) != ""
