"""Fills prompts: Markdown files with a version, and the room of their parts.

Trimming is deterministic and says what it left out. Text that strangers wrote is fenced by tags that it cannot close.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import yaml
from jinja2 import Environment, StrictUndefined

from paper2run.model.usage import Purpose
from paper2run.planners.message import Message
from paper2run.settings import Settings

FILES: Final[dict[Purpose, str]] = {
    "plan": "plan.md",
    "diagnose": "diagnose.md",
    "judge": "judge.md",
}
"""In `prompts/`, by name."""
SECTIONS: Final = re.compile(r"\A---\n(.*?)\n---\n# System\n(.*?)\n# User\n(.*)\Z", re.DOTALL)
TAG: Final = re.compile(r"</?data-", re.IGNORECASE)


class Prompt(NamedTuple):
    """One prompt file."""

    version: str
    """`plan-1`: part of the cache key of every answer to it."""
    system: str
    user: str
    """Jinja template; it is given fenced texts only."""


class Part(NamedTuple):
    """Text that goes into a prompt."""

    text: str
    weight: int
    """Its share if not all parts fit."""


def planner_id(settings: Settings) -> str:
    """Return the planner's identity for cache keys: `rules`, or model, address and window.

    The window decides how much of a question is asked, and whether looks are offered.
    """
    if not settings.planner_model:
        return "rules"
    return f"{settings.planner_model}@{settings.base_url} {settings.model_context or ''}".rstrip()


@cache
def load_text(name: str) -> str:
    """Return a file of `prompts/`."""
    return files("paper2run.planners").joinpath("prompts", name).read_text("utf-8").strip()


@cache
def load_prompt(name: Purpose) -> Prompt:
    """Return a prompt of `prompts/`. ValueError if the file lacks its version or a section."""
    match = SECTIONS.match(load_text(FILES[name]))
    if not match:
        raise ValueError(f"prompts/{name}.md needs a front matter, # System and # User")
    version = yaml.safe_load(match[1])["version"]
    return Prompt(f"{name}-{version}", match[2].strip(), match[3].strip())


def compose(
    name: Purpose, parts: Mapping[str, Part], plain: Mapping[str, str], room_chars: int
) -> list[Message]:
    """Return the messages of a prompt whose parts together take at most `room_chars` characters.

    `parts` are fenced as data; `plain` are short words of our own, put in as they are.
    """
    prompt = load_prompt(name)
    room = room_chars - len(prompt.system) - len(prompt.user)
    sizes = {key: len(part.text) for key, part in parts.items()}
    shares = divide(max(room, 0), sizes, {key: part.weight for key, part in parts.items()})
    values = {key: fenced(key, cut(part.text, shares[key])) for key, part in parts.items()}
    template = Environment(undefined=StrictUndefined, autoescape=False).from_string(prompt.user)
    return [Message("system", prompt.system), Message("user", template.render(**values, **plain))]


def divide(room: int, sizes: Mapping[str, int], weights: Mapping[str, int]) -> dict[str, int]:
    """Return the room of each part: what it needs, or its weight's share of what the smaller ones left."""
    shares: dict[str, int] = {}
    open_parts = dict(sizes)
    while open_parts:
        total = sum(weights[key] for key in open_parts)
        content = {key for key, size in open_parts.items() if size <= room * weights[key] // total}
        if not content:
            return shares | {key: room * weights[key] // total for key in open_parts}
        for key in content:
            shares[key] = open_parts.pop(key)
        room -= sum(shares[key] for key in content)
    return shares


def cut(text: str, room_chars: int) -> str:
    """Return `text`, or its beginning up to a line's end with a line that says how much is missing."""
    if len(text) <= room_chars:
        return text
    kept = text[:room_chars].rsplit("\n", 1)[0]
    return f"{kept}\n[{len(text) - len(kept)} characters left out]"


def fenced(name: str, text: str) -> str:
    """Return `text` between tags that hold its digest; tags of that kind inside it are taken apart."""
    harmless = TAG.sub(lambda match: match[0].replace("<", "< "), text)
    tag = f"data-{name}-{hashlib.sha256(harmless.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return f"<{tag}>\n{harmless or '(nothing)'}\n</{tag}>"
