"""Files of deployments/ that no test can run everywhere: what they refer to is there."""

import json
import re
import tomllib
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

DEPLOYMENTS = Path(__file__).parents[2] / "deployments"
POOLS = sorted((DEPLOYMENTS / "work-pools").glob("*.json"))
PLACEHOLDER = re.compile(r"{{\s*(\w+)\s*}}")


@pytest.mark.parametrize("path", POOLS, ids=lambda path: path.stem)
def test_a_work_pool_template_uses_every_variable_that_it_declares_and_no_other(path):
    template = json.loads(path.read_text())
    used = set(PLACEHOLDER.findall(json.dumps(template["job_configuration"])))

    assert used == set(template["variables"]["properties"])


def test_the_services_of_the_compose_file_wait_for_services_that_are_there():
    compose = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text())
    services = compose["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        volumes = [volume.split(":")[0] for volume in service.get("volumes", ())]
        named = {volume for volume in volumes if re.fullmatch(r"\w+", volume)}
        assert named <= set(compose["volumes"]), name


def test_every_way_to_start_a_server_has_the_settings_of_ours_and_prefect_knows_them():
    from prefect.settings import Settings

    from tasks.running.server import SERVER_SETTINGS

    compose = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text())
    unit = (DEPLOYMENTS / "systemd" / "paper2run-server.service").read_text()
    image = (DEPLOYMENTS / "worker.Dockerfile").read_text()
    known = Settings().to_environment_variables()
    for name, value in SERVER_SETTINGS.items():
        assert f"{name}={value}" in unit
        assert (
            f"{name}={value}" in image
            or compose["services"]["server"]["environment"][name] == value
        )
        assert name in known or not name.startswith("PREFECT_")


def test_the_form_of_a_deployment_says_what_each_parameter_means():
    from prefect.utilities.callables import parameter_schema

    from flows.batch import batch
    from flows.reproduce import reproduce

    for flow in (reproduce, batch):
        properties = parameter_schema(flow).properties
        assert [name for name, shown in properties.items() if not shown.get("description")] == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "'repo' is a required property"),
        ({"repo": "", "paper": ""}, "'' should be non-empty"),
        ({"repo": "lab/mesh"}, ""),
        ({"paper": "2001.00001"}, ""),
        ({"repo": "", "paper": "2001.00001"}, ""),
    ],
)
def test_the_form_wants_a_repository_or_a_paper(given, why):
    from prefect.utilities.callables import parameter_schema
    from prefect.utilities.schema_tools.validation import validate

    from flows.forms import form
    from flows.reproduce import reproduce

    schema = form(parameter_schema(reproduce)).model_dump(exclude_unset=True)

    assert "".join(error.message for error in validate(given, schema)) == why
    # A deployment's own parameters may lack both.
    assert validate({}, schema, ignore_required=True) == []


def test_the_form_shows_the_groups_of_the_help_and_names_parameters_as_flags():
    from prefect.utilities.callables import parameter_schema

    from flows.batch import batch
    from flows.forms import form

    read = parameter_schema(batch)
    shown = form(read)

    assert [*shown.properties] == [*read.properties]
    assert shown.required == ["file"]
    assert "if" not in shown.model_dump(exclude_unset=True)
    titles = {name: field["title"] for name, field in shown.properties.items()}
    assert titles["file"] == "file"
    assert titles["jobs"] == "How far and how long: jobs"
    assert titles["planner"] == "Model: planner"


def test_a_unit_that_may_write_nowhere_has_a_temporary_folder_of_its_own():
    for unit in (DEPLOYMENTS / "systemd").glob("*.service"):
        lines = unit.read_text().splitlines()
        assert "ProtectSystem=strict" not in lines or "PrivateTmp=yes" in lines, unit.name


def test_the_worker_image_gets_all_that_a_worker_imports():
    text = (DEPLOYMENTS / "worker.Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) \./\1$", text, flags=re.MULTILINE))

    assert {"flows", "tasks", "paper2run"} <= copied


def test_the_image_of_the_command_line_is_all_before_the_stage_of_the_worker():
    script = (DEPLOYMENTS / "worker-image.sh").read_text()
    [line] = re.findall(r'^WORKER_STAGE = "\\n(.+)\\n"$', script, flags=re.MULTILINE)
    command, stage, worker = (DEPLOYMENTS / "worker.Dockerfile").read_text().partition(line)

    assert stage
    assert 'ENTRYPOINT ["paper2run"]' in command
    assert "\nRUN" not in worker, "both images hold the same"


def test_every_file_of_the_folder_stands_on_its_page():
    page = (DEPLOYMENTS / "README.md").read_text()
    files = [path for path in DEPLOYMENTS.rglob("*") if path.is_file()]
    missing = {
        path.name for path in files if path.name != "README.md" and path.name not in page
    } - {"worker.Dockerfile.dockerignore"}

    assert not missing


def test_the_deployments_have_the_version_of_the_package():
    root = DEPLOYMENTS.parent
    package = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    deployed = yaml.safe_load((root / "prefect.yaml").read_text())["deployments"]

    assert {each["version"] for each in deployed} == {package}


@pytest.mark.parametrize(
    "name", ["batch-ended", "lost-runs", "no-longer-runs", "no-longer-rebuilds"]
)
def test_an_automation_is_one_that_prefect_takes(name):
    from prefect.events.schemas.automations import AutomationCore

    text = (DEPLOYMENTS / f"{name}.yaml").read_text().replace("BLOCK_ID", str(uuid4()))
    [automation] = yaml.safe_load(text)["automations"]

    assert AutomationCore.model_validate(automation).name == f"paper2run {name.replace('-', ' ')}"


def test_a_repository_no_longer_runs_by_every_verdict_on_it_but_success():
    from tasks.running.flow_runs import ABOUT_THE_WORK, VERDICT_EVENT

    [automation] = yaml.safe_load((DEPLOYMENTS / "no-longer-runs.yaml").read_text())["automations"]
    trigger = automation["trigger"]

    assert trigger["expect"] == [VERDICT_EVENT]
    assert {*trigger["match"]["paper2run.verdict"], "success"} == {*ABOUT_THE_WORK}
