"""What the exports say of a run: citation, traces of the machine, packages, actions."""

import json
import re

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from paper2run.exports.citation import Citation, read_citation
from paper2run.exports.crate import Graph
from paper2run.exports.crate_files import CrateFile, wanted
from paper2run.exports.packages import Component, components_of
from paper2run.exports.run_record import RunRecord, public_address
from paper2run.exports.sbom import sbom
from paper2run.exports.traces import Traces, traces_of
from paper2run.model.inventory import Inventory, Package
from paper2run.model.repo import Paper
from tests.run_folders import CITATION, ENDS, IMAGE_ID, INVENTORY, PINNED, TREE

NO_TRACES = Traces({})
NAMES = (
    "attempts/01/Dockerfile", "attempts/01/attempt.json", "attempts/01/build_stderr.log",
    "attempts/01/smoke_stdout.log", "attempts/01/verify_tests.log", "metadata.json", "report.md",
)  # fmt: skip
FILES = tuple(CrateFile(path=name, what="a file") for name in NAMES)
HOSTILE = 'a"\n</script>\u202e#?@/../..%00\ud800'.encode("utf-8", "replace").decode()


def record(kind: str = "success", **fields: object) -> RunRecord:
    metadata, attempt = ENDS[kind]
    given = {
        "folder": "mesh-1", "metadata": metadata, "checkout": PINNED, "planned": attempt.planned,
        "attempts": (attempt,), "paper": Paper(path="", origin="given", title="Meshes"),
        "inventory": INVENTORY, "citation": read_citation(CITATION),
    }  # fmt: skip
    return RunRecord.model_validate({**given, **fields})


def nodes(of: RunRecord) -> dict[str, dict[str, object]]:
    graph = Graph(of, FILES)
    return {one.id: one.properties for one in (graph.root(), *graph.entities())}


def bill(of: RunRecord, traces: Traces = NO_TRACES) -> dict[str, object]:
    text, _ = sbom(of, traces)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


# The authors.


def test_people_and_groups_are_authors_and_an_orcid_counts_in_its_own_form():
    found = read_citation(CITATION)

    assert [(one.name, one.is_person, one.orcid) for one in found.authors] == [
        ("Ada Lovelace", True, "0000-0002-1825-0097"),
        ("The Mesh Group", False, ""),
    ]
    assert (found.title, found.licence) == ("Meshes", "MIT")


@pytest.mark.parametrize(
    "text",
    [
        "", "- a\n", "{", "authors: 7\n", "authors: [7, {}]\nlicense: [MIT, BSD-3-Clause]\n", "license: 'a b'\n",
        "a: &a [*a]\n", "authors:\n  - orcid: https://orcid.org/0000-0002-1825-0097\n",
    ],
)  # fmt: skip
def test_what_is_malformed_or_named_twice_is_left_out(text):
    assert read_citation(text) == Citation()


def test_a_name_is_one_line_of_bounded_length():
    [author] = read_citation(f'authors:\n  - name: "a\\nb\\u202e{"c" * 999}"\n').authors

    assert author.name.startswith(r"a b\u202ec")
    assert len(author.name) == 200


# The machine.


def test_folders_go_in_every_spelling_and_words_that_hold_them_stay():
    traces = Traces({"/home/ada_l/a&b": "mesh", "/home/ada_l": "[home]", "/tmp": "x", "/": "x"})

    assert traces.out_of("in /home/ada_l/a&b/x.py") == "in mesh/x.py"
    assert (
        traces.out_of("in /home/ada_l/a&amp;b, file:///home/ada_l/a%26b") == "in mesh, file://mesh"
    )
    assert traces.out_of("-v=/home/ada_l:/x") == "-v=[home]:/x"
    assert traces.out_of("/home/ada_lovelace /tmp/x /") == "/home/ada_lovelace /tmp/x /"


@pytest.mark.parametrize(
    ("host", "goes"),
    [("ada-laptop", True), ("gpu03", True), ("ubuntu", False), ("vm", False), ("localhost", False)],
)
def test_a_host_s_name_goes_unless_it_is_an_ordinary_word(host, goes):
    assert (host not in Traces({}, [host]).out_of(f"on {host.upper()}: done, {host}")) == goes


def test_json_stays_json_whatever_the_names():
    traces = Traces({'/home/a"b\\c/d': "mesh"})
    content = json.dumps({'/home/a"b\\c/d': ['in /home/a"b\\c/d/e', 1.50, None]}).encode()

    assert json.loads(traces.out_of_file("x.json", content)) == {"mesh": ["in mesh/e", 1.5, None]}
    assert traces.out_of_file("x.json", b'{"a":  1}') == b'{"a":  1}'
    assert traces.out_of_file("x.json", b"\xff not JSON") == b"\xff not JSON"


def test_a_local_repository_its_mirror_and_its_paper_leave_their_names():
    local = PINNED.changed(url="/home/ada/mesh", name="mesh", mirror="/srv/p2r/mirrors/mesh-1.git")
    paper = Paper(path="/home/ada/papers/mesh.pdf", origin="given")
    metadata = ENDS["success"][0].changed(repo="/home/ada/mesh")
    of = record(checkout=local, paper=paper, metadata=metadata)

    cleaned = traces_of(of, ["/home/ada"], []).out_of(
        "/home/ada/mesh /home/ada/papers/mesh.pdf /srv/p2r/mirrors/mesh-1.git /srv/p2r/results /home/ada/x"
    )

    assert cleaned == "mesh mesh.pdf [path removed] [path removed]/results [path removed]/x"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://forge.test/lab/mesh", "https://forge.test/lab/mesh"),
        ("ssh://git@forge.test/lab/mesh", "ssh://git@forge.test/lab/mesh"),
        ("10.5281/zenodo.1234567", "https://doi.org/10.5281/zenodo.1234567"),
        ("https://forge.test/mesh.zip?download=1", "https://forge.test/mesh.zip"),
        (f"swh:1:dir:{'0a' * 20}", f"https://archive.softwareheritage.org/swh:1:dir:{'0a' * 20}"),
        ("/home/ada/mesh", ""),
        ("/home/ada/mesh.zip", ""),
    ],
)
def test_an_address_is_that_of_others_and_a_folder_has_none(url, address):
    assert public_address(url) == address


# The research object.


def test_the_runs_are_actions_with_their_commands_and_how_they_ended():
    found = nodes(record())

    assert [name for name in found if name.endswith("-01")] == [
        "#image-01", "#build-01", "#smoke-01", "#imports-01", "#tests-01",
    ]  # fmt: skip
    assert found["#smoke-01"]["description"] == "`python train.py`. Exit status 0."
    assert found["#smoke-01"]["actionStatus"] == "http://schema.org/CompletedActionStatus"
    assert found["#smoke-01"]["endTime"] == "2026-01-01T00:02:00+00:00"
    assert found["#smoke-01"]["startTime"] == "2026-01-01T00:01:00+00:00"
    assert found["#smoke-01"]["containerImage"] == {"@id": "#image-01"}
    assert found["#tests-01"]["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert found["#tests-01"]["error"] == "1 failed"
    assert found["#tests-01"]["result"] == {"@id": "attempts/01/verify_tests.log"}
    assert len(found["./"]["mentions"]) == 5


def test_a_cached_stage_did_not_run_now_and_has_no_times():
    built = nodes(record())["#build-01"]

    assert "endTime" not in built
    assert "earlier run" in built["description"]


def test_a_failed_build_has_its_error_and_no_image():
    found = nodes(record("failure", inventory=None))

    assert "#image-01" not in found
    assert found["#build-01"]["error"].startswith("build failed (exit code 2)")
    assert found["#run"]["actionStatus"] == "http://schema.org/CompletedActionStatus"


def test_other_commands_are_actions_and_one_that_lives_at_the_timeout_passed():
    found = nodes(record("crash"))

    assert found["#smoke-01"]["error"].startswith("smoke command exited with 1")
    assert "still running" in found["#command-1-01"]["description"]


def test_a_run_that_broke_off_is_a_failed_action():
    broken = ENDS["success"][0].changed(status="exception", reason="the disk is full")
    found = nodes(record(metadata=broken, attempts=()))

    assert found["#run"]["error"] == "the disk is full"


def test_the_repository_has_its_identifiers_licence_and_authors():
    found = nodes(record())
    repository = found["https://forge.test/lab/mesh"]

    assert repository["identifier"] == [f"swh:1:rev:{PINNED.commit}", f"swh:1:dir:{TREE}"]
    assert repository["license"] == {"@id": "https://spdx.org/licenses/MIT"}
    assert found["https://orcid.org/0000-0002-1825-0097"] == {
        "name": "Ada Lovelace",
        "affiliation": {"@id": "#affiliation-1"},
    }
    assert found["#affiliation-1"] == {"name": "Analytical Engines"}
    assert found["#paper"]["name"] == "Meshes"


def test_without_a_known_licence_the_crate_says_so():
    found = nodes(record(citation=Citation()))

    assert found["./"]["license"] == {"@id": "#licence"}
    assert found["#licence"]["name"] == "No licence is known"


def test_a_registry_is_named_if_others_can_reach_it():
    def image(pushed: str) -> dict[str, object]:
        metadata = ENDS["success"][0].changed(image_pushed=pushed)
        return nodes(record(metadata=metadata))["#image-01"]

    pushed = image("registry.lab.test/p2r/paper2run/mesh:1-a")
    assert (pushed["registry"], pushed["name"], pushed["tag"]) == (
        "registry.lab.test", "p2r/paper2run/mesh", "1-a",
    )  # fmt: skip
    for own in ("localhost:5000/paper2run/mesh:1-a", "127.0.0.1:5000/paper2run/mesh:1-a"):
        assert "registry" not in image(own)
        assert image(own)["name"] == "paper2run/mesh"


def test_logs_of_this_machine_s_own_work_and_the_paper_s_text_stay_out():
    names = (
        "run.log",
        "logs/exception.txt",
        "paper.json",
        "image.txt",
        "repo",
        ".writing-x",
        *NAMES,
    )

    assert [file.path for file in wanted(names)] == sorted(NAMES)


# The bill of materials.


def test_packages_have_their_addresses():
    found = bill(record())

    assert {one["purl"] for one in found["components"] if "purl" in one} == {
        "pkg:npm/%40types/node@20.1.0",
        "pkg:deb/debian/libgl1@1.6.0-1%2Bb1?arch=amd64",
        "pkg:cran/Matrix@1.6-1",
        "pkg:pypi/numpy@1.20.1",
        "pkg:conda/python@3.11.4",
    }
    assert found["metadata"]["component"]["name"] == "paper2run/mesh"
    told = {one["name"]: one["value"] for one in found["metadata"]["properties"]}
    assert told["paper2run:packages-from"] == "listed in the image by its package managers"
    assert told["paper2run:image-id"] == IMAGE_ID


def test_a_package_in_two_places_is_one_with_both():
    [numpy] = [one for one in bill(record())["components"] if one["name"] == "numpy"]

    assert [one["value"] for one in numpy["properties"]] == [
        "/opt/venv", "/usr/lib/python3/dist-packages",
    ]  # fmt: skip


def test_the_same_run_gives_the_same_bill():
    assert sbom(record(), NO_TRACES) == sbom(record(), NO_TRACES)


def test_without_an_inventory_the_plan_s_pins_are_listed_and_the_bill_says_so():
    found = bill(record(inventory=None))

    assert {one.get("purl") for one in found["components"]} == {
        None, "pkg:pypi/numpy@1.20.1", "pkg:deb/debian/libgl1",
    }  # fmt: skip
    assert "the image was not listed" in str(found["metadata"]["properties"])


def test_conda_s_explicit_list_in_a_plan_gives_packages_with_their_digests():
    url = "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.2.13-hd590300_5.conda"
    planned = ENDS["success"][1].planned
    step = f"cd /opt/installer && printf '%s\\n' @EXPLICIT {url}#{'c' * 64} >> list.txt"
    plan = planned.plan.changed(install_steps=(step,))
    attempt = ENDS["success"][1].changed(planned=planned.changed(plan=plan, resolution=None))
    of = record(inventory=None, attempts=(attempt,))

    assert components_of(of) == (
        (Component(kind="conda", name="zlib", version="1.2.13", address=url, digest="c" * 64),),
        "plan",
    )
    [zlib] = [one for one in bill(of)["components"] if one["name"] == "zlib"]
    assert zlib["hashes"] == [{"alg": "SHA-256", "content": "c" * 64}]


def test_a_run_without_image_and_plan_has_a_bill_of_its_repository_alone():
    found = bill(record("failure", inventory=None, attempts=(), planned=None))

    assert [one["bom-ref"] for one in found["components"]] == ["repository"]
    assert "not built" in str(found["metadata"]["component"])


def test_names_of_strangers_break_no_bill_and_no_graph():
    packages = (
        Package(kind="pypi", name=HOSTILE, version=HOSTILE, place=f"/{HOSTILE}"),
        Package(kind="npm", name=f"@{HOSTILE}", version="1"),
        Package(kind="deb", name="x", version="1", architecture=HOSTILE),
    )
    of = record(
        inventory=Inventory(image_id=IMAGE_ID, packages=packages),
        checkout=PINNED.changed(name=HOSTILE),
        paper=Paper(path=HOSTILE, origin="given", title=HOSTILE),
    )

    assert len(bill(of)["components"]) == 4
    text = json.dumps(nodes(of))
    assert "\\u202e" not in re.sub(r"\\\\u202e", "", text)
