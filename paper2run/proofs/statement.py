"""A run as an in-toto statement: what was tested, with what, how it ended; and the comparison.

https://in-toto.io/Statement/v1 with the predicate https://in-toto.io/attestation/test-result/v0.1. A digest of
`record.json` is part of it, which has the digest of every other file of the run folder.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, Metadata
from paper2run.model.value import Value
from paper2run.text_gate import flat

STATEMENT: Final = "https://in-toto.io/Statement/v1"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
COVERED: Final = ("Dockerfile", "requirements.lock", "record.json")
"""Files of a run folder that a statement names by their digest."""
IMAGE_ID: Final = re.compile(r"sha256:(?P<digest>[0-9a-f]{64})")
NAME_CHARS: Final = 200
NOTHING: Final = "nothing"
Result = Literal["PASSED", "WARNED", "FAILED"]
Json = dict[str, Any]


class HandedOver(Value):
    """What a run folder says of its test."""

    checkout: Checkout
    address: str
    """Where others find the repository; empty for a folder of this machine."""
    metadata: Metadata
    best: Attempt | None
    """The attempt that came furthest; None for a run without attempts."""
    sha256: Mapping[str, str]
    """Of the files in COVERED that the run folder has, by name."""


def statement_of(run: HandedOver) -> Json:
    """Return the statement as JSON."""
    passed, failed = _tests(run.best)
    return {
        "_type": STATEMENT,
        "subject": [_image(run.metadata) or _repository(run)],
        "predicateType": TEST_RESULT,
        "predicate": {
            "result": _result(run.metadata, failed),
            "configuration": [
                _repository(run),
                *(
                    {"name": name, "digest": {"sha256": run.sha256[name]}}
                    for name in COVERED
                    if name in run.sha256
                ),
            ],
            "passedTests": passed,
            "warnedTests": [],
            "failedTests": failed,
        },
    }


def mismatches(statement: object, run: HandedOver) -> Iterator[str]:
    """Yield how a statement, which may be any JSON, differs from what the run folder says."""
    said, found = _comparable(statement), _comparable(statement_of(run))
    for item in sorted(said.keys() | found.keys()):
        before, after = said.get(item, NOTHING), found.get(item, NOTHING)
        if before != after:
            words = (flat(word)[:NAME_CHARS] for word in (item, before, after))
            yield "{}: the statement says {}, the folder {}".format(*words)


def _result(metadata: Metadata, failed: list[str]) -> Result:
    """Return the result: `WARNED` where something was shown to work, and something else was not."""
    if metadata.grade == "none":
        return "FAILED"
    return "PASSED" if metadata.status == "success" and not failed else "WARNED"


def _tests(best: Attempt | None) -> tuple[list[str], list[str]]:
    """Return which of the smoke command and the rungs passed, and which failed, each in order."""
    if best is None:
        return [], []
    found: dict[str, bool] = {rung.rung: rung.passed for rung in best.verification.rungs}
    if best.smoke is not None:
        found["smoke"] = best.succeeded
    return (
        [name for name, passed in found.items() if passed],
        [name for name, passed in found.items() if not passed],
    )


def _image(metadata: Metadata) -> Json | None:
    """Return the image as a subject; None for a run without one."""
    found = IMAGE_ID.fullmatch(metadata.image_id)
    if found is None:
        return None
    return {"name": flat(metadata.image)[:NAME_CHARS], "digest": {"sha256": found["digest"]}}


def _repository(run: HandedOver) -> Json:
    checkout = run.checkout
    # A commit that was made here, of a folder or an archive, is no one else's; its tree is.
    tree = {"gitTree": checkout.tree} if checkout.tree else {}
    return {
        "name": flat(checkout.name)[:NAME_CHARS],
        **({"uri": run.address} if run.address else {}),
        "digest": {"gitCommit": checkout.commit, **tree},
    }


def _comparable(statement: object) -> dict[str, str]:
    """Return what is compared, by what it is about. Names and addresses say nothing: digests do."""
    root = _object(statement)
    predicate = _object(root.get("predicate"))
    found = {
        "statement type": str(root.get("_type", NOTHING)),
        "predicate type": str(root.get("predicateType", NOTHING)),
        "result": str(predicate.get("result", NOTHING)),
        "subject": _digests(_list(root.get("subject"))),
    }
    for tests in ("passedTests", "warnedTests", "failedTests"):
        found[tests] = ", ".join(sorted(map(str, _list(predicate.get(tests))))) or NOTHING
    others = []
    for one in map(_object, _list(predicate.get("configuration"))):
        name = one.get("name")
        if name in COVERED and name not in found:
            found[str(name)] = _digests([one])
        else:
            others.append(one)
    found["configuration"] = _digests(others)
    return found


def _digests(descriptors: list[object] | list[Json]) -> str:
    pairs = [
        f"{name}:{value}"
        for one in descriptors
        for name, value in sorted(_object(_object(one).get("digest")).items())
    ]
    return " ".join(pairs) or NOTHING


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
