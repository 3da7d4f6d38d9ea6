"""The definition file for Apptainer: its sections, and what no text of a run may do in it."""

import re
import subprocess

import pytest

from paper2run.exports.apptainer import definition, shell_word
from paper2run.model.environment import EnvPlan, PlannedEnvironment
from paper2run.model.resolution import Pin, Resolution
from paper2run.rendering.dockerfile import render
from paper2run.rendering.pip_steps import WANTED_FILE, pinned_steps
from tests.run_folders import PINNED

DIGEST = f"sha256:{'d' * 64}"
PIN = Pin(name="numpy", version="1.20.1", sha256=("a" * 64,))
ODD = [
    "it's",
    "$HOME `id`",
    'a"b',
    "a\nb",
    "%post",
    "a\n%post\nb",
    "a\nBootstrap: docker",
    "{{ x }} {{{",
    "",
    "\\",
    "a\r\n%x",
    "é \u2028",
]


def planned_with(**fields: object) -> PlannedEnvironment:
    plan = EnvPlan.model_validate(
        {
            "base_image": "python:3.11-slim",
            "smoke_command": "python train.py",
            "workdir": "/repo/a b",
            **fields,
        }
    )
    resolution = Resolution(python="3.11", date_step="none", pins=(PIN,))
    return PlannedEnvironment(plan=plan, planner="rules", resolution=resolution)


def text_of(
    planned: PlannedEnvironment,
    command: str = "python train.py",
    digest: str = DIGEST,
    **flags: bool,
) -> str:
    dockerfile = render(PINNED, planned, digest).dockerfile
    return definition(
        PINNED, planned, command, dockerfile, has_lock=flags.pop("has_lock", True), **flags
    )


def parsed(text: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return header and sections as Apptainer's parser reads them (pkg/build/types/parser/deffile.go)."""
    assert len(re.findall(r"(?mi)^bootstrap:", text)) == 1
    # An argument of the build.
    assert "{{" not in text
    header: dict[str, str] = {}
    sections: dict[str, list[str]] = {}
    body: list[str] | None = None
    for line in text.split("\n"):
        words = line.split()
        if words and words[0].startswith("%"):
            body = sections.setdefault(words[0][1:].lower(), [])
        elif body is not None:
            body.append(line.strip())
        elif words and not line.startswith("#"):
            name, _, value = line.partition(":")
            header[name.lower()] = value.strip()
    return header, {name: [line for line in body if line] for name, body in sections.items()}


def test_the_definition_has_the_steps_of_the_dockerfile_in_their_order():
    steps = (*pinned_steps([PIN]), "pip install .")
    planned = planned_with(
        system_packages=("gcc",), install_steps=steps, env={"PYTHONPATH": "/repo/src", "A": "1"}
    )
    header, sections = parsed(text_of(planned))

    assert header == {"bootstrap": "docker", "from": f"python@{DIGEST}"}
    assert list(sections) == ["files", "post", "environment", "runscript", "test", "labels"]
    assert sections["files"] == ["repo /repo", "requirements.lock /opt/paper2run/requirements.lock"]
    assert sections["post"][0] == "set -e"
    told = [line for line in sections["post"] if re.match(r"(export|/bin/sh|cd)", line)]
    assert told == [
        "cd /",
        "/bin/sh -e -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
        " gcc && rm -rf /var/lib/apt/lists/*'",
        "export PIP_NO_CACHE_DIR=1",
        "export A=1",
        "/bin/sh -e -c 'pip install --no-compile --no-deps --require-hashes -r /opt/paper2run/requirements.lock'",
        "export PYTHONPATH=/repo/src",
        "cd '/repo/a b'",
        "/bin/sh -e -c 'pip install .'",
    ]
    assert sections["environment"] == ["export A=1", "export PYTHONPATH=/repo/src"]
    assert sections["runscript"] == ["cd '/repo/a b'", "exec /bin/sh -c 'python train.py'"]
    assert sections["test"] == ["set -e", "cd '/repo/a b'", "/bin/sh -c 'python train.py'"]
    assert f"org.opencontainers.image.revision {PINNED.commit}" in sections["labels"]
    assert f"org.opencontainers.image.base.digest {DIGEST}" in sections["labels"]


def test_without_a_lock_or_a_digest_the_versions_and_the_tag_stand_there():
    planned = planned_with(install_steps=pinned_steps([PIN]))
    header, sections = parsed(text_of(planned, digest="", has_lock=False))

    assert header["from"] == "python:3.11-slim"
    assert sections["files"] == ["repo /repo"]
    assert "/bin/sh -e -c 'pip install --no-compile --no-deps numpy==1.20.1'" in sections["post"]


def test_a_registry_s_port_is_no_tag():
    header, _ = parsed(text_of(planned_with(base_image="reg.test:5000/python")))

    assert header["from"] == f"reg.test:5000/python@{DIGEST}"


def test_a_long_list_of_packages_is_not_written_to_the_builder_s_own_tmp():
    step = f"printf '%s\\n' numpy six >> {WANTED_FILE} && pip install --no-compile -r {WANTED_FILE}"
    _, sections = parsed(text_of(planned_with(install_steps=(step,)), has_lock=False))

    assert WANTED_FILE not in "".join(sections["post"])


def test_a_program_that_ends_at_no_time_is_tested_for_a_minute():
    _, sections = parsed(text_of(planned_with(), alive=True))

    assert sections["test"][-1] == "timeout 60 /bin/sh -c 'python train.py' || test $? -eq 124"


@pytest.mark.parametrize("text", ODD)
def test_no_text_opens_a_section_a_stage_or_an_argument(text):
    planned = planned_with(env={"A": "x"})
    # Plans refuse most of these; what is written here must not rest on that.
    plan = EnvPlan.model_construct(
        **{**dict(planned.plan), "env": {"A": text}, "install_steps": (text,)}
    )
    odd = PlannedEnvironment.model_construct(**{**dict(planned), "plan": plan})
    checkout = PINNED.changed(name=f"n{text}")
    dockerfile = f"FROM python:3.11-slim@{DIGEST}\n"

    header, sections = parsed(definition(checkout, odd, text, dockerfile, has_lock=False))

    assert header == {"bootstrap": "docker", "from": f"python@{DIGEST}"}
    assert list(sections) == ["files", "post", "environment", "runscript", "test", "labels"]
    assert run(sections["environment"], 'printf "%s" "$A"') == text
    step = next(line for line in sections["post"] if line.startswith("/bin/sh"))
    assert run([*sections["environment"][:-1], step.replace("/bin/sh -e -c", "printf %s")]) == text


def run(lines: list[str], last: str = "") -> str:
    """Return what a shell prints that fails hard."""
    script = "\n".join(["set -eu", *lines, last])
    return subprocess.run(
        ["/bin/sh", "-c", script], check=True, capture_output=True
    ).stdout.decode()


def test_a_word_is_one_line():
    assert all("\n" not in shell_word(text) for text in ODD)
