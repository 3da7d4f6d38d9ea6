"""Rules between facts and a Dockerfile: interpreter, smoke command, rendering, verdicts, ladder."""

import re
from datetime import date

import pytest
from pydantic import ValidationError

from paper2run.errors import UserError
from paper2run.model.environment import Asked, EnvPlan, PlannedEnvironment
from paper2run.model.facts import (
    BuildFile,
    Command,
    EntryPoint,
    Import,
    LanguageShare,
    OwnModule,
    PipInclude,
    Project,
    PythonConstraint,
    PythonSyntax,
    RepoFacts,
    Requirement,
)
from paper2run.model.outcome import BuildFailed, Built, Passed, SmokeFailed
from paper2run.model.repo import Checkout
from paper2run.model.report import Attempt
from paper2run.model.value import Source
from paper2run.planners import rules
from paper2run.planning.evidence import Evidence
from paper2run.planning.interpreters import choose
from paper2run.rendering import dockerfile
from paper2run.rendering.pip_steps import requirements_of
from paper2run.rendering.plan_diff import plan_diff
from paper2run.request import Request, settings_for
from paper2run.smoke import ladder
from paper2run.verdicts.verdicts import after_attempts

HERE = Source(kind="file", path="setup.py", line=1)
README = Source(kind="readme", path="README.md", line=9)
CHECKOUT = Checkout(url="https://example.org/o/n", name="o/n", commit="a" * 40, mirror="/nowhere")


def required(specifier: str, strength: str = "required") -> PythonConstraint:
    return PythonConstraint(specifier=specifier, strength=strength, source=HERE)


def syntax(major: int, minor: int, files: int) -> PythonSyntax:
    return PythonSyntax.model_validate(
        {"major": major, "minor": minor, "files": files, "source": HERE}
    )


def two(files: int, *, out_of: int) -> PythonSyntax:
    return PythonSyntax(major=2, files=files, out_of=out_of, source=HERE)


@pytest.mark.parametrize(
    ("facts", "day", "first"),
    [
        ([], date(2019, 6, 1), "3.7"),
        ([], date(2018, 9, 1), "3.6"),
        ([], None, "3.12"),
        ([required(">=3.8,<3.10")], date(2024, 1, 1), "3.9"),
        ([required("==2.7.*", "tested"), required("==3.5.*", "tested")], date(2016, 3, 1), "2.7"),
        ([required("==2.7.*", "tested"), required("==3.6.*", "tested")], date(2019, 3, 1), "3.6"),
        ([PythonSyntax(major=2, files=3, source=HERE)], date(2021, 1, 1), "2.7"),
        ([PythonSyntax(major=3, minor=8, files=1, source=HERE)], date(2019, 11, 1), "3.8"),
        ([required("==3.*", "mentioned")], date(2022, 1, 15), "3.9"),
        ([required(">=4")], date(2022, 1, 15), "3.9"),
        # Nothing that we have fits: the nearest of the same major version.
        ([required("==3.5.*")], date(2017, 5, 1), "3.6"),
        ([required(">=3.4,<3.6")], date(2016, 3, 1), "3.6"),
        ([required("==3.5.*"), required(">=3.6")], date(2017, 5, 1), "3.6"),
        ([required("==2.6.*")], date(2020, 5, 1), "2.7"),
        ([required("==3.4.*", "tested"), required("==3.5.*", "tested")], date(2017, 5, 1), "3.6"),
        ([required("==3.5.*", "mentioned")], date(2019, 12, 1), "3.6"),
        ([required("==3.*", "mentioned")], date(2017, 5, 1), "3.6"),
        ([required("==2.7.*", "tested"), required("==3.5.*", "tested")], date(2017, 5, 1), "2.7"),
        # The major version that most files need, and the highest minor of it.
        ([syntax(3, 6, files=2), syntax(3, 10, files=1)], date(2020, 1, 1), "3.10"),
        ([syntax(2, 0, 6), syntax(3, 6, 5), syntax(3, 8, 5)], date(2020, 1, 1), "3.8"),
        ([syntax(2, 0, files=6), syntax(3, 6, files=5)], date(2020, 1, 1), "2.7"),
        # Old files of a folder beside, where the authors test Python 3; and all files old in spite of a stale CI file.
        ([two(4, out_of=10), required("==3.6.*", "tested")], date(2021, 1, 1), "3.6"),
        ([two(8, out_of=10), required("==3.6.*", "tested")], date(2021, 1, 1), "2.7"),
        ([two(4, out_of=10)], date(2021, 1, 1), "2.7"),
    ],
)
def test_the_interpreter_follows_the_evidence_then_the_year(facts, day, first):
    choice = choose(RepoFacts(facts=tuple(facts)), day)
    assert choice.pythons[0] == first
    assert choice.reasons


def plan_of(
    *facts: object, paths: frozenset[str] = frozenset(), smoke: str = ""
) -> PlannedEnvironment:
    asked = Asked(name="o/n", commit="a" * 40, commit_day=date(2023, 1, 1), smoke=smoke)
    planned = rules.plan(Evidence(RepoFacts(facts=tuple(facts)), paths, asked))
    assert isinstance(planned, PlannedEnvironment)
    return planned


PROJECT = Project(root="", backend="setup.py", name="n", source=HERE)
OWN = OwnModule(module="n", root="", installed=True, source=HERE)
OWN_SCRIPT = EntryPoint(name="main.py", form="script", source=HERE)
NUMPY = Requirement(text="numpy>=1.11", name="numpy", group="runtime", source=HERE)


def test_an_installable_project_is_imported_from_outside_its_source():
    planned = plan_of(PROJECT, OWN, NUMPY)
    assert planned.plan.smoke_command == "cd /tmp && python -c 'import n'"
    assert any("numpy>=1.11" in step for step in planned.plan.install_steps)


def test_the_users_smoke_command_wins():
    assert plan_of(PROJECT, OWN, smoke="make demo").plan.smoke_command == "make demo"


def test_a_documented_command_is_chosen_where_its_files_are_there():
    line = "python run.py --input data/in.txt --output out/result.txt"
    facts = (
        Command(purpose="run", line=line, source=README),
        Import(module="numpy", where="script", files=1, source=HERE),
    )
    complete = plan_of(*facts, NUMPY, paths=frozenset({"run.py", "data/in.txt", "out/.keep"}))
    missing = plan_of(*facts, NUMPY, paths=frozenset({"run.py", "out/.keep"}))
    assert complete.plan.smoke_command == line
    assert missing.plan.smoke_command == "python -c 'import numpy'"


def test_the_same_plan_gives_the_same_bytes():
    first, second = plan_of(PROJECT, OWN, NUMPY), plan_of(PROJECT, OWN, NUMPY)
    assert dockerfile.dockerfile(CHECKOUT, first) == dockerfile.dockerfile(CHECKOUT, second)
    assert first.plan.digest == second.plan.digest


def test_dependency_layers_come_before_the_source():
    lines = dockerfile.dockerfile(CHECKOUT, plan_of(PROJECT, OWN, NUMPY)).splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    assert text.index("numpy") < text.index("COPY") < text.index("--no-deps")
    assert "--mount" not in text


def test_a_repository_name_cannot_become_a_parser_directive():
    evil = CHECKOUT.changed(name="syntax=evil.example.org/frontend")
    assert dockerfile.dockerfile(evil, plan_of(PROJECT, OWN)).startswith("# Planned by")


@pytest.mark.parametrize(
    "field",
    [
        {"base_image": "python:3.9\nRUN id"},
        {"base_image": "--evil"},
        {"system_packages": ["gcc; id"]},
        {"install_steps": ["pip install x\nUSER root"]},
        {"install_steps": ["curl https://example.org/x | sh"]},
        {"install_steps": ["true && sudo id"]},
        {"install_steps": ["pip install --index-url https://example.org x"]},
        {"env": {"LD_PRELOAD": "/x.so"}},
        {"env": {"A B": "1"}},
        {"workdir": "/repo/../etc"},
        {"smoke_command": "cat /var/run/docker.sock"},
        {"surprise": 1},
    ],
)
def test_a_hostile_plan_is_refused(field):
    with pytest.raises(ValidationError):
        EnvPlan.model_validate({"base_image": "python:3.9-slim", "smoke_command": "true", **field})


def test_a_distribution_that_is_called_docker_may_be_installed():
    EnvPlan(
        base_image="python:3.9-slim",
        smoke_command="true",
        install_steps=("pip install docker gitpython",),
    )


def attempt(number: int, smoke: Passed | SmokeFailed | None) -> Attempt:
    built = Built(image="i", image_id="sha256:0", size_bytes=1, seconds=1)
    failed = BuildFailed(step="RUN x", exit_code=1, seconds=1)
    return Attempt(
        number=number,
        planned=plan_of(PROJECT, OWN),
        built=built if smoke else failed,
        smoke=smoke,
    )


def test_verdicts_follow_the_last_attempt():
    passed = attempt(1, Passed(alive_at_timeout=False, seconds=1))
    assert after_attempts([passed], 3).status == "success"
    failed = attempt(1, SmokeFailed(exit_code=7, seconds=1))
    assert after_attempts([failed], 3).status == "smoke-failed"
    assert "exit code 1" in after_attempts([attempt(1, None)], 3).reason


def test_counts_come_from_the_runners_own_report():
    report = '<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>'
    stdout = f"noise\n{ladder.REPORT_MARK}\n{report}"
    assert ladder.detail_of("tests", stdout, 1) == "5 passed, 1 failed, 1 error, 2 skipped"
    assert ladder.detail_of("tests", "killed", 137) == "no report was written"


def test_a_repair_is_shown_as_the_lines_it_changed():
    before = EnvPlan(
        base_image="python:3.9-slim",
        install_steps=("pip install --no-deps a==1 b==2", "make"),
        smoke_command="true",
    )
    after = before.changed(
        system_packages=("git",), install_steps=("pip install --no-deps a==1 c==3", "make")
    )
    assert plan_diff(before, after) == ("+ apt git", "- pip b==2", "+ pip c==3")


def test_a_readme_with_a_compiler_call_for_each_of_many_programs_gives_a_plan():
    c = LanguageShare(language="c", files=70, size_bytes=9000, source=HERE)
    lines = [f"cd ch && gcc e{number}.c -o e{number}" for number in range(70)]
    calls = [Command(purpose="install", line=line, source=README) for line in lines]
    paths = frozenset(f"ch/e{number}.c" for number in range(70))
    steps = plan_of(c, *calls, paths=paths).plan.install_steps
    assert len(steps) <= 30
    assert steps[0].startswith("(cd ch && gcc e0.c -o e0) && (cd ch && gcc e1.c -o e1)")
    assert all(line in " ".join(steps) for line in lines)


@pytest.mark.parametrize(
    ("address", "module"),
    [
        ("git+https://github.com/openai/CLIP.git", "clip"),
        ("git+https://github.com/openai/CLIP.git@d50d76daa670286dd6cacf3bcd80b5e4823fc8e1", "clip"),
        ("clip @ https://example.org/files/main.zip", "clip"),
        ("-e git+ssh://git@example.org/someone/thing.git@v1.0#egg=my_Clip", "my_clip"),
        ("https://github.com/someone/diff-gauss/archive/main.zip", "diff_gauss"),
        ("git+https://github.com/someone/taming-transformers", "taming"),
    ],
)
def test_a_module_that_an_address_names_is_no_strangers_namesake_on_the_index(address, module):
    include = PipInclude(text=address, group="runtime", source=HERE)
    used = Import(module=module, where="package", guarded=False, files=1, source=HERE)

    assert [guess.module for guess in plan_of(PROJECT, OWN, used).guesses] == [module]
    planned = plan_of(PROJECT, OWN, used, include)
    assert planned.guesses == ()
    assert not any(module in (requirements_of(step) or ()) for step in planned.plan.install_steps)
    assert any(step.endswith("/opt/required.txt") for step in planned.plan.install_steps)
    left_out = [reason.decision for reason in planned.reasons if "left out" in reason.decision]
    assert any(decision.startswith(f"{module} left out") for decision in left_out)


def test_the_address_of_the_repository_itself_is_no_step_and_others_come_before_its_install():
    frozen = [
        PipInclude(text=text, group="runtime", source=HERE.changed(line=line))
        for line, text in enumerate(
            (
                f"-e git+https://example.org/someone/{PROJECT.name}.git@0f1e2d#egg={PROJECT.name}",
                "git+ssh://git@example.org/someone/sea.git@v1.0#subdirectory=python",
                "hg+https://example.org/someone/old",
            ),
            1,
        )
    ]
    planned = plan_of(PROJECT, OWN, *frozen)
    clone, own = (step for step in planned.plan.install_steps if requirements_of(step) is None)
    assert clone.startswith("git clone -q https://example.org/someone/sea.git /opt/required && ")
    assert "git checkout -q v1.0 -- && " in clone
    assert " -c /opt/required.txt ./python && " in clone
    assert own.endswith(" .")
    assert "git" in planned.plan.system_packages
    own_address, other = (reason for reason in planned.reasons if reason.leaves_out)
    assert own_address.decision.endswith("left out: the repository itself")
    assert other.decision.startswith("hg+https://")


def test_a_project_that_two_files_name_by_its_address_is_installed_once():
    texts = (
        "git+https://example.org/Someone/sea.git@0f1e2d",
        "git+https://example.org/someone/sea",
        "sea @ git+ssh://git@example.org/someone/sea.git@main",
        "git+https://example.org/someone/sea#subdirectory=python",
    )
    includes = [
        PipInclude(text=text, group="runtime", source=HERE.changed(line=line))
        for line, text in enumerate(texts, 1)
    ]
    planned = plan_of(PROJECT, OWN, *includes)
    first, second = (step for step in planned.plan.install_steps if "git clone" in step)
    assert "git checkout -q 0f1e2d -- && " in first
    assert " -c /opt/required.txt ./python && " in second
    assert not any(reason.leaves_out for reason in planned.reasons)


@pytest.mark.parametrize(("alias", "meant"), [("PIL", "pillow"), ("skimage", "scikit-image")])
def test_a_module_s_name_in_a_manifest_means_its_distribution(alias, meant):
    required = Requirement(text=f"{alias}>=1", name=alias.lower(), group="runtime", source=HERE)
    planned = plan_of(PROJECT, OWN, required)
    wanted = [name for step in planned.plan.install_steps for name in requirements_of(step) or ()]
    assert meant in wanted
    assert alias.lower() not in {re.split(r"\W", name)[0].lower() for name in wanted}


def test_the_address_of_a_module_that_the_repository_installs_is_the_repository_itself():
    renamed = PROJECT.changed(name="another-name")
    address = f"git+https://example.org/someone/{OWN.module}.git#egg={OWN.module}"
    include = PipInclude(text=address, group="runtime", source=HERE)
    planned = plan_of(renamed, OWN, include)
    assert not any("git clone" in step for step in planned.plan.install_steps)
    (reason,) = (reason for reason in planned.reasons if reason.leaves_out)
    assert reason.decision.endswith("left out: the repository itself")


def test_eval_is_refused_as_a_command_and_allowed_as_an_argument():
    assert EnvPlan(base_image="python:3.9", smoke_command="python main.py --mode eval --size 3")
    for command in (
        "eval $X", "cd a && eval $X", "if true; then eval $X; fi", "{ eval $X; }", "if eval $X; then :; fi",
        "while eval $X; do :; done", "A=1 B=2 eval $X", "command eval $X", "a $(eval $X)",
    ):  # fmt: skip
        with pytest.raises(ValidationError, match="eval hides"):
            EnvPlan(base_image="python:3.9", smoke_command=command)


def test_a_smoke_command_that_no_plan_may_hold_is_the_users_mistake():
    assert settings_for(Request(repo="x", smoke="python main.py --mode eval --size 3"))
    with pytest.raises(UserError, match="--smoke: sudo"):
        settings_for(Request(repo="x", smoke="sudo python main.py"))


CMAKE = BuildFile(system="cmake", path="CMakeLists.txt", source=HERE)
TOOL = Requirement(text="gdown", name="gdown", group="runtime", source=README)
LISTED = Requirement(
    text="numpy", name="numpy", group="runtime", source=Source(kind="file", path="requirements.txt")
)


def share(language: str, size_bytes: int) -> LanguageShare:
    return LanguageShare(language=language, files=1, size_bytes=size_bytes, source=HERE)


@pytest.mark.parametrize(
    ("facts", "image"),
    [
        ((share("c++", 12_000), CMAKE, TOOL), "debian"),
        ((share("c++", 12_000), share("python", 2000), CMAKE, LISTED), "debian"),
        ((share("c++", 12_000), share("python", 9000), CMAKE, LISTED, OWN_SCRIPT), "python"),
        ((share("c++", 12_000), share("python", 2000), CMAKE, NUMPY, OWN_SCRIPT), "python"),
        ((share("c++", 12_000), share("python", 2000), LISTED, OWN_SCRIPT), "python"),
    ],
)
def test_a_list_of_names_does_not_make_a_build_of_far_more_source_a_python_project(facts, image):
    assert plan_of(*facts).plan.base_image.startswith(image)


def test_documents_of_r_alone_are_parsed_as_such():
    command = plan_of(share("r", 900), paths=frozenset({"analysis.Rmd"})).plan.smoke_command
    assert "purl" in command and "[.][Rr]$" not in command
    scripts = plan_of(share("r", 900), paths=frozenset({"analysis.Rmd", "fit.R"}))
    assert "[.][Rr]$" in scripts.plan.smoke_command


def test_scripts_of_the_standard_library_that_read_sys_argv_are_compiled():
    reads = OWN_SCRIPT.changed(required_arguments=("argv[1]",), without_parser=True)
    numpy = Import(module="numpy", where="script", files=1, source=HERE)
    assert plan_of(share("python", 900), reads).plan.smoke_command == "python -m py_compile main.py"
    beside = plan_of(share("python", 900), reads, numpy)
    assert beside.plan.smoke_command == "python -c 'import numpy'"
