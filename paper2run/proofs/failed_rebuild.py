"""Why a rebuild failed: the part of the outside world that its log names.

Reads apt (`E: Unable to locate package`, `E: Version '…' for '…' was not found`), pip (`No matching distribution found
for`, `THESE PACKAGES DO NOT MATCH THE HASHES`), and what downloads print for an address that is gone.
"""

import re
from typing import Final

from paper2run.failures.failure_log import last_hit, telling_line
from paper2run.model.outcome import BuildFailed
from paper2run.model.rebuild import Drift, DriftCause
from paper2run.proofs.engine_change import is_other, lacking
from paper2run.rendering.pinned_addresses import HELD, PINNED

SIGNS: Final[tuple[tuple[DriftCause, re.Pattern[str]], ...]] = (
    ("index", re.compile(r"No matching distribution found for (?P<item>\S+)")),
    ("index", re.compile(r"Could not find a version that satisfies the requirement (?P<item>\S+)")),
    ("index", re.compile(r"(?P<item>THESE PACKAGES DO NOT MATCH THE HASHES)")),
    ("debian", re.compile(r"E: Unable to locate package (?P<item>\S+)")),
    ("debian", re.compile(r"E: Package '(?P<item>[^']+)' has no installation candidate")),
    ("debian", re.compile(r"E: Version '[^']+' for '(?P<item>[^']+)' was not found")),
    ("debian", re.compile(r"E: Failed to fetch (?P<item>\S+)")),
    ("debian", re.compile(r"The repository '(?P<item>[^']+)' (?:does not have|no longer has) a Release file")),
    ("link", re.compile(r"fatal: repository '(?P<item>[^']+)' not found")),
    # A forge asks for a login where a repository is gone or private.
    ("link", re.compile(r"fatal: could not read Username for '(?P<item>[^']+)'")),
    ("link", re.compile(r"(?:upload-pack: not our ref|couldn't find remote ref) (?P<item>[0-9a-f]{40,64})")),
    ("link", re.compile(r"error: Server does not allow request for unadvertised object (?P<item>[0-9a-f]{40,64})")),
    ("link", re.compile(r"HTTP ?[Ee]rror:? (?:404|410)(?:(?: while getting|.*? for url:) (?P<item>\S+))?")),
    ("link", re.compile(r"ERROR (?:404|410): (?P<item>.*)|requested URL returned error: (?:404|410)")),
    ("link", re.compile(r"paper2run: not among the kept downloads: (?P<item>\S+)")),
)  # fmt: skip
HASHES: Final = re.compile(r"^\s+(?P<item>[A-Za-z0-9][\w.-]*)(?:==\S+)? .*from ")
"""The package under pip's word on hashes."""
GOT: Final = re.compile(r"^\s+Got\s+(?P<digest>[0-9a-f]{64})")


def drift_of(failed: BuildFailed, before: str = "", now: str = "") -> Drift:
    """Return what the failed build says has changed; `unknown` with its telling line, if nothing.

    `before` and `now` are the engines of the run and of the rebuild.
    """
    if lack := drift_of_refusal(failed.log.stderr, before, now):
        return lack
    if failed.step.startswith("FROM "):
        return Drift(cause="base", item=failed.step.removeprefix("FROM "), before="was there")
    lines = failed.log.stderr.split("\n") + failed.log.stdout.split("\n")
    for cause, sign in SIGNS:
        if hit := last_hit(lines, sign):
            item = hit.match["item"] or failed.step
            held = HELD.search(failed.step)
            if held and (item == failed.step or held["address"] in item or held["commit"] in item):
                item = f"{held['address']}@{held['commit']}"
            if item.startswith("THESE PACKAGES"):
                if pin := PINNED.search(failed.step):
                    got = last_hit(lines, GOT)
                    now_has = got.match["digest"] if got else ""
                    return Drift(
                        cause="data", item=pin["address"], before=pin["sha256"], after=now_has
                    )
                named = last_hit(lines, HASHES)
                item = named.match["item"] if named else item
            return Drift(cause=cause, item=item[:200], before="was there", after=hit.line[:200])
    return Drift(cause="unknown", item=failed.step[:200], after=telling_line(failed)[:200])


def drift_of_refusal(words: str, before: str, now: str) -> Drift | None:
    """Return the feature that another engine says it lacks; None without one, or on the same engine."""
    return lacking(words, before, now) if is_other(before, now) else None
