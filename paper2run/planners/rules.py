"""The planner without a model: asks the providers in order, and knows when there is nothing to plan."""

from paper2run.evidence import Evidence
from paper2run.model.diagnosis import Diagnosis, DiagnosisDecision
from paper2run.model.environment import PlannedEnvironment
from paper2run.model.facts import EntryPoint, LanguageShare, NoCode
from paper2run.model.value import DEFAULT, Source
from paper2run.providers import PROVIDERS


def plan(evidence: Evidence) -> PlannedEnvironment | Diagnosis:
    """Return the first provider's plan, or the stop that says why there is none."""
    for provider in PROVIDERS:
        planned = provider.propose(evidence)
        if planned is not None:
            return planned
    return _stop(evidence)


def _stop(evidence: Evidence) -> Diagnosis:
    empty = next(iter(evidence.facts.of(NoCode)), None)
    if empty is not None:
        return Diagnosis(
            decision=_decision(f"The repository holds no code: {empty.why}."),
            by="rules",
            cause="no_code",
            evidence=empty.why,
            source=empty.source,
            smallest_change="The author publishes the code.",
        )
    languages = [share.language for share in evidence.facts.of(LanguageShare)]
    named = ", ".join(languages)
    if not evidence.facts.of(EntryPoint) and languages:
        source = Source(kind="file", path=evidence.facts.of(LanguageShare)[0].source.path)
    else:
        source = DEFAULT
    return Diagnosis(
        decision=_decision(
            f"Nothing shows how to run this code ({named}): no build file, no entry point."
        ),
        by="rules",
        cause="missing_entrypoint",
        evidence=f"languages found: {named}",
        source=source,
        smallest_change="A command to run: `--smoke CMD` with the base image's tools, or a model as planner.",
    )


def _decision(reason: str) -> DiagnosisDecision:
    return DiagnosisDecision(decision="stop", reason=reason, confidence="high")
