"""What a model's plan may not do, beyond what every plan is held to (model/environment.py).

Deterministic, and blind to what the prompt said: a model that obeys a hostile README is stopped here.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from paper2run.model.environment import EnvPlan
from paper2run.redaction import holds_key

BASE_IMAGES: Final = frozenset(
    {"alpine", "amazoncorretto", "buildpack-deps", "continuumio/miniconda3", "debian", "eclipse-temurin", "gcc",
     "golang", "gradle", "julia", "maven", "mambaorg/micromamba", "node", "nvidia/cuda", "openjdk", "perl", "pypy",
     "python", "pytorch/pytorch", "r-base", "rocker/r-ver", "rocker/rstudio", "rocker/tidyverse", "ruby", "rust",
     "tensorflow/tensorflow", "ubuntu"}
)  # fmt: skip
"""Docker's official images for languages, and the makers' own for the frameworks of research code."""
KEY_VARIABLE: Final = re.compile(r"\$\{?\w*(?:API_?KEY|TOKEN|SECRET|PASSWORD)\w*", re.IGNORECASE)
HOST_PATH: Final = re.compile(
    r"(?<![\w.-])(?:/home/\w|/Users/\w|/mnt/[a-z]/|/host/|[A-Z]:\\|~/\.(?:ssh|aws|config|netrc))"
)
NOTHING: Final = re.compile(
    r"^(?:true|:|echo\b[^;&|]*|exit 0|ls\b[^;&|]*|pwd|sleep [\d.]+|python\S* (?:-V|--version))$"
)


def objections(
    plan: EnvPlan, other_bases: Collection[str] = (), tried: Iterable[EnvPlan] = ()
) -> tuple[str, ...]:
    """Return what speaks against a model's plan, one sentence each; empty if nothing does.

    `other_bases` are images that evidence allows, `tried` are the plans that failed already.
    """
    commands = [*plan.install_steps, plan.smoke_command]
    texts = [*commands, *plan.env.values(), plan.notes]
    found = []
    if not _is_known_base(plan.base_image, other_bases):
        found.append(
            f"base_image: {plan.base_image!r} is no official image of a language, nor one that the draft names"
        )
    if any(holds_key(text) for text in texts):
        found.append("a plan must not hold keys")
    if any(KEY_VARIABLE.search(text) for text in [*commands, *plan.env.values()]):
        found.append("commands must not use keys, tokens or passwords of the environment")
    found += [
        f"{text[:120]!r} names a path of the host" for text in texts[:-1] if HOST_PATH.search(text)
    ]
    if NOTHING.match(plan.smoke_command.strip()):
        found.append("smoke_command: it runs nothing of the repository")
    if plan.digest in {other.digest for other in tried}:
        found.append(
            "new_plan: this very plan was tried and failed; change what the log complains about, or stop"
        )
    return tuple(found)


def _is_known_base(image: str, other_bases: Collection[str]) -> bool:
    name = image.split("@")[0]
    name = name.rsplit(":", 1)[0] if ":" in name.rsplit("/", 1)[-1] else name
    return (
        image in other_bases
        or name.removeprefix("docker.io/").removeprefix("library/") in BASE_IMAGES
    )
