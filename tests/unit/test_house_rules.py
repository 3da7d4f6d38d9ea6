"""Rules of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("flows", "tasks", "paper2run")
FOREIGN_COPIES = {"tasks/running/sharing.py": 2}
"""Copies of Prefect's own models, which have no `changed`."""
MAX_FIRST_LINE = 100
TREES = (*FOLDERS, "benchmarks", "tests")
SAMPLES = "tests/repos"
"""Other people's code, some of it Python 2."""
MAX_FUNCTION_LINES = 60
"""Decorators and docstring included."""
MAX_MODULE_LINES = 300
ONE_UNION = {"paper2run/model/facts.py"}
"""All kinds of facts: one union, one small class each, opened to look up or add a kind."""
PROPER_NAMES = ("Debian", "Docker", "Podman", "Prefect")
"""Of those that an error may begin with; variables, paths and quoted words need no entry."""
FOR_PEOPLE = frozenset(
    {
        "why",
        "reason",
        "decision",
        "proves",
        "smoke_proves",
        "note",
        "detail",
        "limit",
        "what",
        "hint",
    }
)
"""Fields that hold sentences for people: whoever improves one must change no behaviour."""
READERS = frozenset(
    {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "splitlines",
     "find", "index", "count", "search", "match", "fullmatch", "findall", "finditer"}
)  # fmt: skip
"""Methods of texts and patterns that take a text apart or look into it."""
FIXED_CONTRACT = {"paper2run/model/diagnosis.py": 1}
"""`DiagnosisDecision.decision` is a Literal whose name the contract with models fixes."""

Texts = Mapping[str, list[ast.expr]]


def modules(folders: tuple[str, ...] = FOLDERS) -> Iterator[tuple[str, ast.Module]]:
    """Yield all our modules: path and syntax tree."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not path.is_relative_to(ROOT / SAMPLES):
                yield path.relative_to(ROOT).as_posix(), parsed(path)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_values_change_by_a_checked_copy():
    # `model_copy(update=...)` takes names that do not exist and values of any type.
    found = {
        name: copies
        for name, tree in modules(TREES)
        if (
            copies := sum(
                isinstance(node, ast.Attribute) and node.attr == "model_copy"
                for node in ast.walk(tree)
            )
        )
    }

    assert found == FOREIGN_COPIES


def test_no_rule_reads_a_sentence_written_for_people():
    found = {
        name: lines
        for name, tree in modules((*FOLDERS, "benchmarks"))
        if (lines := readings_of_sentences(tree))
    }

    assert {name: len(lines) for name, lines in found.items()} == FIXED_CONTRACT, found


@pytest.mark.parametrize(
    ("code", "is_reading"),
    [
        ("fact.why.startswith('empty:')", True),
        ("planned.smoke_proves == PROVES", True),
        ("' left out: ' in reason.decision", True),
        ("CUDA.search(need.source.note)", True),
        ("re.match('x', result.detail)", True),
        ("match failure.limit:\n    case 'disk': pass", True),
        ("fact.cause == 'empty'", False),
        ("words.append(f'{fact.path}: {fact.why}')", False),
        ("shows = planned.smoke_proves or fact.note", False),
    ],
)
def test_a_reading_of_a_sentence_is_found(code, is_reading):
    assert bool(readings_of_sentences(ast.parse(code))) == is_reading


def test_docstrings_begin_with_one_short_line():
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    too_long = [
        f"{name}: {first}"
        for name, tree in modules(TREES)
        for node in ast.walk(tree)
        if isinstance(node, documented)
        for first in (ast.get_docstring(node) or "").splitlines()[:1]
        if len(first) > MAX_FIRST_LINE
    ]

    assert too_long == []


def test_errors_have_one_form():
    trees = dict(modules((*FOLDERS, "benchmarks")))
    errors = error_classes(trees)
    texts = {name: named_texts(tree) for name, tree in trees.items()}
    # Constants are imported from other modules.
    constants = {
        name: values
        for module in texts.values()
        for name, values in module.items()
        if name.isupper()
    }
    problems = [
        f"{name}:{node.lineno}: {problem}"
        for name, tree in trees.items()
        for known in (constants | texts[name],)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for problem in problems_of(node, errors, known)
    ]

    assert {"UserError", "HostError", "EngineError", "ModelError"} < errors
    assert problems == []


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ('UserError("The file is gone", hint="name another")', "begins with a capital"),
        ('UserError(f"A file {name} is gone", hint="name another")', "begins with a capital"),
        ('UserError(f"{name} is gone.", hint="name another")', "ends with a full stop"),
        ('UserError("it is gone" + ("." if name else ""), hint="see it")', "ends with a full stop"),
        ('UserError("the file is gone")', "no hint"),
        ('UserError("the file is gone", hint="")', "empty"),
        ('UserError("the file is gone", hint="Name another")', "begins with a capital"),
        ('UserError("the file is gone", hint="name another.")', "ends with a full stop"),
        ('UserError("the file is gone", hint="see it" if a else "Look")', "begins with a capital"),
        ('UserError("the file is gone", hint=HINT)', "begins with a capital"),
        ('Known(what="It is gone", hint="see it")', "begins with a capital"),
    ],
)
def test_an_error_of_another_form_is_noticed(call, problem):
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)

    found = problems_of(tree, {"UserError"}, {"HINT": [ast.Constant("Name another")]})

    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "call",
    [
        'UserError(f"{name} is gone", hint="name another")',
        'UserError("DOCKER_HOST cannot be used", hint="see it. Then name another.")',
        "UserError(\"'X' is gone\", hint=error.hint)",
        'UserError("Debian\'s mirror is gone", hint="PAPER2RUN_HOME names it")',
    ],
)
def test_an_error_of_that_form_is_left_alone(call):
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)

    assert problems_of(tree, {"UserError"}, {}) == []


def error_classes(trees: Mapping[str, ast.Module]) -> set[str]:
    """Return the names of our error classes: the root and all that derive from it."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found: set[str] = set()
    more = {"Paper2RunError"}
    while more:
        found |= more
        more = {name for name, above in bases.items() if above & found} - found
    return found


def readings_of_sentences(tree: ast.Module) -> list[int]:
    """Return the lines that compare a field for people, match it or take it apart."""

    def is_sentence(node: ast.expr) -> bool:
        return isinstance(node, ast.Attribute) and node.attr in FOR_PEOPLE

    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                read = [left, *others]
            case ast.Match(subject=subject):
                read = [subject]
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=arguments):
                read = [owner, *arguments] if name in READERS else []
            case _:
                continue
        if any(map(is_sentence, read)):
            found.append(node.lineno)
    return sorted(found)


def named_texts(tree: ast.Module) -> Texts:
    """Return the literal texts that a module gives to names, constants and others, by the name."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case (
                ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.Assign(targets=[ast.Name(id=name)], value=value)
            ):
                found.setdefault(name, []).append(value)
    return found


def problems_of(call: ast.Call, errors: set[str], texts: Texts) -> list[str]:
    """Return what is wrong with the words of an error, or of what becomes one: it names a `hint`."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if name not in errors and "hint" not in named:
        return []
    what = call.args[0] if name in errors and call.args else named.get("what")
    problems = [] if "hint" in named else ["no hint"]
    for words, may_be_sentences in ((what, False), (named.get("hint"), True)):
        for head, whole in literals(words, texts):
            if re.match(r"[A-Z][a-z ]", head) and not head.startswith(PROPER_NAMES):
                problems.append(f"begins with a capital: {head!r}")
            if whole.endswith(".") and not (may_be_sentences and ". " in whole):
                problems.append(f"ends with a full stop: {whole!r}")
            if not whole.strip():
                problems.append("is empty")
    return problems


def literals(words: ast.expr | None, texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield the beginning and the whole of each text that the expression may give.

    `{}` stands for what is filled in.
    """
    match words:
        case ast.Constant(value=str(text)):
            yield text, text
        case ast.JoinedStr(values=parts):
            text = "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)
            yield text, text
        case ast.BinOp(left=left, right=right):
            ends = [whole for _, whole in literals(right, texts)] or ["{}"]
            for head, whole in literals(left, texts):
                yield from ((head, whole + end) for end in ends)
        case ast.IfExp(body=body, orelse=orelse):
            yield from literals(body, texts)
            yield from literals(orelse, texts)
        case ast.Name(id=name):
            for text_node in texts.get(name, ()):
                yield from literals(text_node, {})
        case _:
            # Words that come from elsewhere are judged where they are written.
            return


def test_no_function_is_longer_than_the_limit():
    found = {
        f"{name}: {node.name}": lines
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (lines := length_of(node)) > MAX_FUNCTION_LINES
    }

    assert found == {}


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    return function.end_lineno - first + 1


def test_no_module_is_longer_than_the_limit():
    found = {
        name
        for name, _ in modules()
        if len((ROOT / name).read_text().splitlines()) > MAX_MODULE_LINES
    }

    assert found == ONE_UNION


def test_no_pinned_package_slows_every_start():
    pinned = (ROOT / "requirements.lock").read_text()

    # Of jsonschema's extra `format-nongpl`: jsonschema imports it where it is there, which takes 0.7 s.
    assert "rfc3987-syntax" not in pinned
