"""Tells whether an archive of a distribution has a module, or a name in one, from its members' texts.

A dotted name is a module where a member is called after it. Else its last part is a name of the module before it:
defined, assigned, imported, listed, or inside a compiled one. Star imports are followed once.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

MODULE_ENDINGS: Final = re.compile(r"(?:/__init__)?(?:\.py|\.pyx|\.pyi?|\.so|\.pyd|\.[\w-]+\.so)$")
"""What follows a module's path in the name of its member."""
STAR: Final = re.compile(
    r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(?:\*|\([ \t]*\*)", re.MULTILINE
)
OPENING: Final = re.compile(r"#|\"\"\"|\'\'\'|[\"\']")
CLOSING: Final = {mark: re.compile(rf"(?:[^{mark}\\\n]|\\.)*{mark}?") for mark in "\"'"}
"""The rest of a text on one line, behind its opening mark."""
LAZY: Final = re.compile(r"_import_structure|\blazy|\b_?LazyModule\b|lazy_loader", re.IGNORECASE)
MAX_STARS: Final = 12
"""Star imports that are followed."""
MAX_MEMBERS_READ: Final = 6
"""Of one module: `__init__.py` beside a compiled part."""

Texts = Callable[[Collection[str]], dict[str, bytes]]
"""Reads the content of members."""


def has_name(members: Iterable[str], dotted: str, texts: Texts) -> bool:
    """Return whether an archive with these members has the module or name `dotted` (`a.b.name`)."""
    names = [member.replace("\\", "/") for member in members]
    if _files_of(names, dotted.replace(".", "/")):
        return True
    owner, _, name = dotted.rpartition(".")
    found = _files_of(names, owner.replace(".", "/")) if owner else []
    if not found:
        return False
    content = texts(found[:MAX_MEMBERS_READ])
    if any(_defines(text, name) for text in content.values()):
        return True
    stars = {module for path in content for module in _stars(content[path], path, names)}
    behind = [path for module in sorted(stars)[:MAX_STARS] for path in _files_of(names, module)]
    return bool(behind) and any(
        _defines(text, name) for text in texts(behind[: MAX_STARS * 2]).values()
    )


def _files_of(names: list[str], path: str) -> list[str]:
    """Return the members that are a module, wherever the archive's root is; the shallowest first."""
    found = [
        name
        for name in names
        if (ending := MODULE_ENDINGS.search(name))
        and f"/{name[: ending.start()]}".endswith(f"/{path}")
    ]
    return sorted(found, key=lambda name: (name.count("/"), name))


def _defines(content: bytes, name: str) -> bool:
    """Whether a module's text brings a name into being, by its words; any mention in a binary does."""
    word = re.escape(name)
    if b"\0" in content:
        return re.search(rf"(?<!\w){word}(?!\w)".encode(), content) is not None
    text = content.decode("utf-8", "replace")
    code = _code_of(text)
    sign = (
        rf"\b(?:def|class)[ \t]+{word}\b|(?<![\w.]){word}[ \t]*(?::[^=\n]+)?=(?!=)"
        rf"|\bimport\b[^\n]*(?<![\w.]){word}\b(?![ \t]+as\b)|\bas[ \t]+{word}\b"
        rf"|^[ \t]+{word}[ \t]*,?[ \t]*$"
    )
    if re.search(sign, code, re.MULTILINE):
        return True
    # Packages that import on demand list what they have as text.
    return LAZY.search(text) is not None and re.search(rf"[\"']{word}[\"']", text) is not None


def _code_of(text: str) -> str:
    """Return a module's text without comments and texts in quotes, in one pass."""
    parts, at = [], 0
    while (found := OPENING.search(text, at)) is not None:
        parts.append(text[at : found.start()])
        mark = found[0]
        if mark == "#":
            end = text.find("\n", found.end())
            at = len(text) if end < 0 else end
        elif len(mark) == 3:
            end = text.find(mark, found.end())
            at = len(text) if end < 0 else end + 3
            parts.append('""')
        else:
            closed = CLOSING[mark].match(text, found.end())
            at = closed.end() if closed else found.end()
            parts.append('""')
    return "".join((*parts, text[at:]))


def _stars(content: bytes, path: str, names: list[str]) -> list[str]:
    """Return the paths of the modules out of which a module takes all names."""
    if b"\0" in content:
        return []
    folder = path.rpartition("/")[0]
    found = []
    for match in STAR.finditer(content.decode("utf-8", "replace")):
        source = match[1]
        dots = len(source) - len(source.lstrip("."))
        base = folder
        for _ in range(dots - 1):
            base = base.rpartition("/")[0]
        rest = source.lstrip(".").replace(".", "/")
        # Python 2 imports out of the own folder without a dot.
        beside = f"{folder}/{rest}" if folder else rest
        is_beside = any(MODULE_ENDINGS.sub("", name) == beside for name in names)
        inside = f"{base}/{rest}".strip("/") if dots else beside if is_beside else rest
        found.append(inside)
    return found
