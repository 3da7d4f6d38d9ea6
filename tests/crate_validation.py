"""Validates research objects with roc-validator, without a network; runs in an environment of its own.

`python crate_validation.py CONTEXT CRATE…` prints as JSON, by crate, what it finds: severity, check, message, node.
CONTEXT is the RO-Crate context that the library rocrate brings: of 1.3, which means the terms that we use as 1.1 does.
"""

import json
import sys
from pathlib import Path
from typing import Any

from rocrate_validator import models, services
from rocrate_validator.utils import document_loader
from rocrate_validator.utils.http import HttpRequester

WFRUN = "https://w3id.org/ro/terms/workflow-run"
TERMS = ("ContainerImage", "DockerImage", "containerImage", "registry", "tag", "sha256")
"""Of the context of workflow runs, those that we use."""
CONTEXTS: dict[str, Any] = {
    f"{WFRUN}/context": {"@context": {term: f"{WFRUN}#{term}" for term in TERMS}}
}


class Answer:
    """A context as the network would give it."""

    ok, status_code, from_cache = True, 200, False

    def __init__(self, url: str) -> None:
        self.text = json.dumps(CONTEXTS[url])
        self.headers = {"Content-Type": "application/ld+json"}

    def json(self) -> Any:
        return json.loads(self.text)


def found_in(crate: str) -> list[tuple[str, str, str, str]]:
    settings = services.ValidationSettings(
        rocrate_uri=crate,
        profile_identifier="process-run-crate",
        requirement_severity=models.Severity.RECOMMENDED,
    )
    return [
        (issue.severity.name, issue.check.identifier, issue.message, str(issue.violatingEntity))
        for issue in services.validate(settings).get_issues()
    ]


if __name__ == "__main__":
    context, *crates = sys.argv[1:]
    CONTEXTS["https://w3id.org/ro/crate/1.1/context"] = json.loads(Path(context).read_text("utf-8"))
    HttpRequester.get = lambda _, url, **__: Answer(url)
    document_loader._fetch_json_ld = CONTEXTS.__getitem__
    print(json.dumps({crate: found_in(crate) for crate in crates}))
