"""Writes the letter to the authors of a repository that did not run: cause, evidence, smallest change.

Plain text for a person to read, to change and to send.
"""

import textwrap
from typing import Final

from paper2run.model.repo import Checkout
from paper2run.model.report import Metadata, Status
from paper2run.source import shown_address
from paper2run.text_gate import flat
from paper2run.verdicts.experiments import in_words

NEGATIVE: Final[frozenset[Status]] = frozenset(
    {"stopped-by-rule", "stopped-by-llm", "smoke-failed", "max-attempts-exhausted"}
)
WIDTH: Final = 88
PROVEN: Final = "This is what we could show:"
NOT_PROVEN: Final = (
    "This is the error that we could not repair; it is no proof that your code cannot run:"
)

SHOWN_LITTLE: Final = "This is what we could show, and what it does not show; it is no proof that your code cannot run:"

NOTHING: Final = "We did not get it to run."
SOME: Final = "Some of it ran, and we did not see its main work."


def letter(metadata: Metadata, checkout: Checkout) -> str:
    """Return the letter; empty for a run that ended in another way."""
    if metadata.status not in NEGATIVE:
        return ""
    name = flat(metadata.name)
    unmet = [need for need in metadata.needs if not need.met]
    parts = [
        f"Subject: {name} at {metadata.commit[:7]}: we could not run it",
        f"Dear authors of {name},",
        _wrapped(
            f"we tried to run your repository {flat(shown_address(checkout.url))} as it is at commit {metadata.commit}."
            f" Paper2Run {flat(metadata.versions.paper2run)} read its files, planned an environment, and where it could"
            " built a container and ran what your documents, your tests and your CI name."
            f" {NOTHING if metadata.grade == 'none' else SOME}"
        ),
        PROVEN
        if metadata.status == "stopped-by-rule"
        else SHOWN_LITTLE
        if metadata.grade != "none"
        else NOT_PROVEN,
        _quoted(metadata.reason),
    ]
    if metadata.blame:
        about = f" It is about {flat(metadata.blame.about)}." if metadata.blame.about else ""
        wanted = (
            f" Wanted by: {flat(metadata.blame.wanted_by)}." if metadata.blame.wanted_by else ""
        )
        parts.append(f"The first error in the log was:\n\n{_quoted(metadata.blame.error)}")
        parts += [_wrapped(f"{about}{wanted}".strip())] if about or wanted else []
    if metadata.smallest_change:
        parts.append(_wrapped(f"The smallest change that would help: {metadata.smallest_change}"))
    if metadata.experiment is not None:
        parts.append(_wrapped(in_words(metadata.experiment)))
    if unmet:
        needs = (f"- {need.what} ({need.kind}): {need.source}" for need in unmet)
        parts.append(
            "\n".join(["What your code needs and we did not have:", *map(_wrapped, needs)])
        )
    if metadata.tried:
        tried = (f"- {line}" for line in metadata.tried)
        parts.append("\n".join(["What we tried, in order:", *map(_wrapped, tried)]))
    parts += [
        _wrapped(
            "To see the same, build the Dockerfile in the folder that comes with this letter; report.html there tells"
            " every step and the evidence for it. If we misread your instructions, a command that should work is all"
            " that we need."
        ),
        "With kind regards,",
    ]
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(
        flat(text), WIDTH, subsequent_indent="  " if text.startswith("- ") else "", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _quoted(text: str) -> str:
    return textwrap.indent(_wrapped(text), "    ")
