"""Files with a shape for which a reader took quadratic time, or might: each is read in seconds.

A line in SHAPES is a new case: the content of which file.
"""

from pathlib import Path

import pytest

from paper2run.detectors import DETECTORS
from paper2run.formats.tree import RepoTree
from paper2run.model.facts import RepoFacts

SIZE = 60_000
LIMIT_S = 3
"""Of processor time for one detector, which takes under 0.3 s; the quadratic ways take 4 s to an hour."""


def rep(unit: str) -> str:
    return unit * (SIZE // len(unit))


SHAPES = {
    "json comment": (".devcontainer/devcontainer.json", rep("/*")),
    "json string": (".devcontainer/devcontainer.json", rep('"\\')),
    "json comma": (".devcontainer/devcontainer.json", rep(", ")),
    "json comma blanks": (".devcontainer/devcontainer.json", "," + rep("\n")),
    "docker var": ("Dockerfile", "FROM a\nENV A=" + rep("${a-") + "\nRUN pip install $A\n"),
    "docker blanks": ("Dockerfile", "FROM a\nRUN" + rep(" ") + "\n"),
    "popen blanks": ("main.py", "import os\nPopen(" + rep(" ") + "!"),
    "popen lines": ("main.py", "import os\nPopen(" + rep("\n") + "!"),
    "popen many": ("main.py", rep("Popen( ")),
    "cmake languages": ("CMakeLists.txt", rep("LANGUAGES ")),
    "cmake project": ("CMakeLists.txt", "project(" + rep("\n") + "!"),
    "cmake set": ("CMakeLists.txt", rep("set(a\n")),
    "cmake set blanks": ("CMakeLists.txt", "set(a" + rep("\n") + "!"),
    "lua blanks": ("a.lua", "require" + rep(" ") + "!"),
    "lua many": ("a.lua", rep("require ")),
    "go import": ("a.go", rep("import (\n")),
    "go import blanks": ("a.go", "import" + rep("\n") + "!"),
    "go package": ("a.go", "package a" + rep("\n") + "!"),
    "gomod dots": ("go.mod", "module a\nrequire " + rep(".") + "!\n"),
    "gomod words": ("go.mod", "module a\nrequire " + rep("a.") + "!\n"),
    "from blanks": ("a.py", "x = (\nfrom" + rep(" ") + "!\n"),
    "import commas": ("a.py", "x = (\nimport a" + rep(" ") + "!\n"),
    "import as": ("a.py", "x = (\nimport " + rep("a as b, ") + "!\n"),
    "make dashes": ("Makefile", "all:\n\t" + rep("-") + "\n"),
    "make slashes": ("Makefile", "all:\n\t" + rep(" a/") + "\n"),
    "make words": ("Makefile", "all:\n\t" + rep("@a") + "\n"),
    "matlab": ("a.m", rep(" ") + "!"),
    "data host": ("README.md", rep("huggingface.co/")),
    "data host py": ("main.py", rep("huggingface.co/")),
    "shebang": ("a", "#!" + rep("a")),
    "shebang slashes": ("a.sh", "#!" + rep("/")),
    "requirements dashes": ("requirements.txt", "a" + rep("_") + "!\n"),
    "requirements blanks": ("requirements.txt", "a" + rep(" ") + "@\n"),
    "requirements options": ("requirements.txt", "a" + rep(" -a") + "\n"),
    "conda list": ("requirements.txt", rep("a") + "\n"),
    "asciidoc": ("README.adoc", rep("-") + "!\n"),
    "ci assignment": (".travis.yml", "script: " + rep("a") + "\n"),
    "ci besides": (".travis.yml", "script: pytest -n" + rep("a") + "\n"),
    "ci purposes": (".travis.yml", "script: " + rep("A=a ") + "\n"),
    "ci path": (".travis.yml", "script: " + rep("a/") + "\n"),
    "sh path": ("run.sh", rep("a/") + "\n"),
    "sh env": ("run.sh", rep("A=a ") + "\n"),
    "prompt": ("README.md", "```\na@" + rep("a") + "\n```\n"),
    "java": ("A.java", "package a" + rep("\n") + "!"),
    "java public": ("A.java", rep("public ")),
    "r library": ("a.R", "library(" + rep(" ") + "!"),
    "perl use": ("a.pl", rep("use ")),
    "perl blanks": ("a.pl", "use" + rep(" ") + "!"),
    "c include": ("a.c", "#" + rep(" ") + "include!"),
    "rust": ("Cargo.toml", rep("\n") + "!"),
    "print blanks": ("a.py", "print" + rep(" ") + "!\nprint 'a'\n"),
    "print bt": ("a.py", "print 'a'\n" + rep("`a") + "\n"),
    "raise": ("a.py", "print 'a'\nraise " + rep("a.") + "\n"),
    "except blanks": ("a.py", "print 'a'\nexcept" + rep(" ") + "!\n"),
    "cuda cond": ("a.py", "x.cuda()\nif " + rep("a ") + "\n"),
    "gitattributes": (".gitattributes", rep("a ") + "\n"),
    "url": ("README", rep("http://a") + "\n"),
    "setup test_suite": ("setup.py", "test_suite" + rep(" ") + "!\n"),
    "test yield": ("tests/test_a.py", "def test_a():\n yield " + rep("a.") + "\n"),
    "notebook": ("a.ipynb", '{"cells":[{"cell_type":"code","source":["' + rep("!") + '"]}]}'),
    "notebook2": ("a.ipynb", '{"cells":[{"cell_type":"code","source":["' + rep(" ") + '!"]}]}'),
    "notebook3": ("a.ipynb", '{"cells":[{"cell_type":"code","source":["' + rep("a ") + '?"]}]}'),
    "meson": ("meson.build", rep("executable( ")),
    "meson blanks": ("meson.build", "executable(" + rep(" ")),
    "rst directive": ("README.rst", "..'" + rep(" ") + "\n"),
    "org": ("README.org", "#+begin_src" + rep(" ") + "\n"),
    "description": ("DESCRIPTION", "Imports:" + rep(" ") + "\n"),
    "description2": ("DESCRIPTION", "Imports: " + rep("a (") + "\n"),
    "envyml": ("environment.yml", "dependencies:\n- " + rep("a=") + "\n"),
    "tox braces": ("tox.ini", "[tox]\nenvlist=" + rep("{a,") + "\n"),
    "tox braces2": ("tox.ini", "[testenv]\ncommands=" + rep("{a:") + "\n"),
    "runtime": ("runtime.txt", "python-" + rep("1.")),
    "apt": ("apt.txt", rep("a ")),
    "docker apt": ("Dockerfile", "FROM a\nRUN apt-get install " + rep("a ") + "\n"),
    "docker && ": ("Dockerfile", "FROM a\nRUN " + rep("a && ") + "\n"),
    "docker heredoc": ("Dockerfile", "FROM a\nRUN " + rep("<<A ") + "\n"),
    "quotes sh": ("run.sh", rep("'\"") + "\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_of_this_shape_is_read_in_time(tmp_path: Path, soon, shape: str) -> None:
    name, content = SHAPES[shape]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    (tmp_path / "b.py").write_text("print(1)\n")
    tree = RepoTree.of(tmp_path)
    for detector in DETECTORS:
        with soon(LIMIT_S, detector.NAME):
            assert RepoFacts(facts=tuple(detector.detect(tree))).model_dump_json()
