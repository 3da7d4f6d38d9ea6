"""Finds folders that `pip install` takes, their build backends and their build requirements.

A folder is a project where its pyproject.toml names a backend or a project, or where it has a setup.py that
builds one; not so where the backend would find nothing to install.
"""

import ast
from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from paper2run.formats.ini_text import read_config
from paper2run.formats.structured import read_toml, table, text, texts
from paper2run.formats.tree import RepoTree
from paper2run.knowledge.distributions import stdlib_span
from paper2run.model.facts import Project, Unreadable
from paper2run.model.value import Source
from paper2run.python.empty_projects import finds_nothing
from paper2run.python.own_projects import is_aside
from paper2run.python.python_imports import Imported, imports_of
from paper2run.python.setup_script import SetupScript, parse_leniently, read_setup

DEFAULT_BACKEND: Final = "setuptools.build_meta"
"""PEP 518 and PEP 621 name it for a pyproject.toml that names none."""
VERSION_FROM_HISTORY: Final = ("setuptools_scm", "setuptools-scm", "hatch-vcs", "versioneer", "pbr",
                               "poetry-dynamic-versioning", "setuptools-git-versioning", "flit_scm",
                               "versioningit", "vcversioner", "miniver", "uv-dynamic-versioning",
                               "uv_dynamic_versioning", "dunamai")  # fmt: skip
"""Build requirements that take the version from version control."""
INSTALLED_ANYWAY: Final = frozenset(
    {"setuptools", "distutils", "pkg_resources", "pip", "wheel", "ez_setup"}
)
CYTHON: Final = "Cython"
MAX_OWN_FILES: Final = 40
"""Files of the project that are followed when its setup.py imports the project itself."""


def projects_of(tree: RepoTree) -> tuple[Project, ...]:
    """Return one project per folder, in path order. Called through `tree.once`."""
    folders = {path.rpartition("/")[0] for path in tree.matching("pyproject.toml", "setup.py")}
    # A folder with such a name is a template that cookiecutter fills in.
    folders = {folder for folder in folders if "{{" not in folder}
    return tuple(project for folder in sorted(folders) for project in _project(tree, folder))


def own_names(tree: RepoTree) -> frozenset[str]:
    """Return the normalised names under which the repository itself would be installed or imported."""
    packages = {
        path.split("/")[-2]
        for path in tree.matching("__init__.py")
        if path.count("/") == 1 or (path.count("/") == 2 and path.startswith(("src/", "lib/")))
    }
    names = packages | {
        project.name for project in tree.once(projects_of) if not is_aside(project.root)
    }
    return frozenset(canonicalize_name(name) for name in names if name)


def _project(tree: RepoTree, root: str) -> Iterator[Project]:
    prefix = f"{root}/" if root else ""
    pyproject = (
        read_toml(tree, f"{prefix}pyproject.toml") if tree.has(f"{prefix}pyproject.toml") else {}
    )
    data = {} if isinstance(pyproject, Unreadable) else pyproject
    script = read_setup(tree, f"{prefix}setup.py") if tree.has(f"{prefix}setup.py") else None
    if isinstance(script, SetupScript) and not script.sets_up:
        script = None
    build = table(data, "build-system")
    named = bool(build) or any(
        table(data, *keys) for keys in (("project",), ("tool", "poetry"), ("tool", "flit"))
    )
    if (script is None and not named) or finds_nothing(tree, root):
        return
    backend = (text(build.get("build-backend")) or DEFAULT_BACKEND) if named else "setup.py"
    readable = script if isinstance(script, SetupScript) else None
    yield Project(
        root=root,
        backend=backend,
        name=_name(tree, prefix, data, readable),
        build_imports=(
            tuple(_build_imports(tree, prefix, readable)) if readable else _version_provider(data)
        ),
        dynamic_version=_version_from_history(data, readable),
        leaves_out=any(
            _leaves_out(tree, prefix, below, packages)
            for below, packages in _listed_packages(data, readable)
        ),
        source=Source(kind="file", path=f"{prefix}{'pyproject.toml' if named else 'setup.py'}"),
    )


def _name(tree: RepoTree, prefix: str, data: dict[str, object], script: SetupScript | None) -> str:
    written = script.keywords.get("name") if script else ""
    config = read_config(tree, f"{prefix}setup.cfg") if tree.has(f"{prefix}setup.cfg") else None
    tools = table(data, "tool")
    return (
        text(table(data, "project").get("name"))
        or text(table(tools, "poetry").get("name"))
        or text(table(tools, "flit", "metadata").get("dist-name"))
        or text(table(tools, "flit", "metadata").get("module"))
        or text(written)
        or (
            text(config.get("metadata", "name", fallback=""))
            if config and not isinstance(config, Unreadable)
            else ""
        )
    )


def _listed_packages(
    data: dict[str, object], script: SetupScript | None
) -> Iterator[tuple[str, list[str]]]:
    """Yield plain lists of packages with the one folder that holds these."""
    keywords = script.keywords if script else {}
    if script and isinstance(keywords.get("packages"), list):
        listed = [item for item in script.texts("packages") if isinstance(item, str)]
        yield from _below(keywords.get("package_dir"), listed)
    tool = table(data, "tool", "setuptools")
    if isinstance(tool.get("packages"), list):
        yield from _below(tool.get("package-dir"), list(texts(tool["packages"])))
    find = table(tool, "packages", "find")
    included = list(texts(find.get("include")))
    where = list(texts(find.get("where"))) or [""]
    # A name without a star is that package alone.
    if included and len(where) == 1 and not any("*" in name for name in included):
        yield where[0].strip("./"), included


def _below(places: object, packages: list[str]) -> Iterator[tuple[str, list[str]]]:
    found = places or {"": ""}
    if isinstance(found, dict) and set(found) == {""}:
        yield str(found[""]).strip("./"), packages


def _leaves_out(tree: RepoTree, prefix: str, below: str, named: list[str]) -> bool:
    """Whether a plain list of packages lacks sub-packages, which imports in the checkout find."""
    prefix += f"{below}/" if below else ""
    tops = {name for name in named if "." not in name}
    folders = (
        path.rpartition("/")[0].removeprefix(prefix)
        for path in tree.matching("__init__.py")
        if path.startswith(prefix)
    )
    inside = {folder.replace("/", ".") for folder in folders if folder.partition("/")[0] in tops}
    return any(name not in named and not is_aside(name.replace(".", "/")) for name in inside)


def _version_from_history(data: dict[str, object], script: SetupScript | None) -> bool:
    requires = list(texts(table(data, "build-system").get("requires")))
    tools = table(data, "tool")
    if script is not None:
        requires += [item for item in script.texts("setup_requires") if isinstance(item, str)]
        requires += [imported.module for imported in imports_of(script.tree)]
        if script.keywords.get("use_scm_version") or script.keywords.get("pbr"):
            return True
    return (
        any(name.startswith(VERSION_FROM_HISTORY) for name in (*requires, *_version_provider(data)))
        or text(table(tools, "hatch", "version").get("source")) == "vcs"
        or text(table(tools, "pdm", "version").get("source")) == "scm"
    )


def _version_provider(data: dict[str, object]) -> tuple[str, ...]:
    """Return the module that scikit-build-core asks for the version, and its hook for that module."""
    version = table(data, "tool", "scikit-build", "metadata", "version")
    named = text(version.get("provider")) == "scikit_build_core.metadata.setuptools_scm"
    return ("setuptools_scm",) if named else ()


def _build_imports(tree: RepoTree, prefix: str, script: SetupScript) -> Iterator[str]:
    """Yield the third-party modules that setup.py needs, sorted.

    Those of the project's own package count if setup.py imports it.
    """
    found: set[str] = set()
    waiting = list(_needed(script.tree))
    if _must_generate(tree, prefix):
        # A guarded import is for releases, which bring what Cython generates; the checkout does not.
        guarded = (imported for imported in imports_of(script.tree) if imported.guarded)
        waiting += [imported for imported in guarded if imported.module.startswith(CYTHON)]
    seen: set[str] = set()
    for imported in waiting:
        top = imported.module.partition(".")[0]
        own = [path for path in _own_files(prefix, imported.module) if tree.has(path)]
        for path in own:
            if path not in seen and len(seen) < MAX_OWN_FILES:
                seen.add(path)
                waiting += _imports_of_file(tree, path, prefix)
        if not own and top and stdlib_span(top) is None and top not in INSTALLED_ANYWAY:
            found.add(top)
    yield from sorted(found)


def _must_generate(tree: RepoTree, prefix: str) -> bool:
    """Whether a Cython source stands there without the C or C++ that is generated from it."""
    stems = (
        path.removesuffix(".pyx") for path in tree.matching("*.pyx") if path.startswith(prefix)
    )
    return any(not tree.has(f"{stem}.c") and not tree.has(f"{stem}.cpp") for stem in stems)


def _needed(module: ast.Module) -> Iterator[Imported]:
    """Yield the imports that setup.py cannot run without.

    Those in its functions and in its own commands count.
    """
    blocks = [module, *(
        ast.Module(body=node.body, type_ignores=[])
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    )]  # fmt: skip
    for block in blocks:
        yield from (imported for imported in imports_of(block) if not imported.guarded)


def _own_files(prefix: str, module: str) -> tuple[str, ...]:
    """Return the files that the import of a dotted module would run, if the project has them."""
    names = module.split(".")
    folders = ["/".join(names[: count + 1]) for count in range(len(names))]
    return tuple(
        f"{prefix}{folder}{end}" for folder in folders for end in (".py", "/__init__.py") if folder
    )


def _imports_of_file(tree: RepoTree, path: str, prefix: str) -> list[Imported]:
    """Return the unguarded imports of one of the project's files, relative ones made absolute."""
    try:
        imports = [
            imported
            for imported in imports_of(parse_leniently(tree.text(path)))
            if not imported.guarded
        ]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    package = path.removeprefix(prefix).rpartition("/")[0].split("/")
    found = []
    for imported in imports:
        base = package[: len(package) - imported.level + 1] if imported.level else []
        module = ".".join([*base, imported.module] if imported.module else base)
        found.append(Imported(module, imported.line, False))
    return found
