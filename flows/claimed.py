"""Compares what authors state with what comes out, after a success and on request."""

import base64

from paper2run.model.outcome import Built
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt, Verdict
from paper2run.settings import Settings
from paper2run.verdicts.claims_page import in_words
from paper2run.verdicts.junit import claims_as_junit
from tasks.build import has_image
from tasks.claims import claims
from tasks.running.keep_space import using_image
from tasks.running.records import RunFolder, read_facts_of, read_paper_of
from tasks.running.stages import Stages


def claimed(
    run: RunFolder,
    checkout: Checkout,
    verdict: Verdict,
    attempts: tuple[Attempt, ...],
    settings: Settings,
    run_id: str,
) -> Verdict:
    """Return the verdict, with grade `results` where a number came out; write ledger and `claims.xml`.

    A run without a success or an image compares nothing.
    """
    best = attempts[verdict.best_attempt - 1] if verdict.best_attempt else None
    if verdict.status != "success" or best is None or not isinstance(best.built, Built):
        return verdict
    if not has_image(best.built):
        return verdict
    logs, root = str(run.attempt_folder(best.number)), str(run.path / "repo")
    facts, paper = read_facts_of(run), read_paper_of(run)
    with using_image(best.built.image, settings):
        findings = Stages(run).run(
            claims, checkout, best.planned, best.built, facts, paper, root, logs, run_id, settings
        )
    ledger = findings.ledger
    run.write("claims.json", ledger)
    for path, strip in findings.strips.items():
        run.write(path, base64.b64decode(strip))
    run.write("claims.xml", claims_as_junit(ledger, f"{checkout.name} {checkout.commit[:12]}"))
    run.event(f"claims: {in_words(ledger.counts)}")
    return verdict.changed(grade="results") if ledger.has_result else verdict
