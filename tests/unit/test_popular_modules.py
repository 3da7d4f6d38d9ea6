"""Modules of much used packages: taken where the name tells, judged by its files like any guess."""

from benchmarks.refresh_popular_modules import Holder, pairs
from paper2run.knowledge.distributions import distribution_for, named_after


def test_a_module_of_a_much_used_package_leads_to_it_and_stays_a_guess():
    guess = distribution_for("dns.resolver")

    assert (guess.name, guess.unverified) == ("dnspython", True)
    assert distribution_for("dns", declared={"dns"}).name == "dns", (
        "the repository's own word counts"
    )


def test_the_modules_own_name_is_tried_where_the_guess_does_not_hold_it():
    assert named_after("elftools.elf")[:2] == ("elftools", "pyelftools")


def test_a_pair_is_taken_where_the_name_tells_and_no_other_package_is_as_much_used():
    holders = {
        "dns": [Holder(120, "dnspython"), Holder(9000, "dnspythonchia")],
        "images": [Holder(165, "azure-images")],
        "vertexai": [Holder(161, "google-cloud-aiplatform")],
        "jwt": [Holder(40, "pyjwt"), Holder(60, "jwt-tools")],
        "attr": [Holder(20, "attrs")],
        "os": [Holder(5, "osmium")],
    }

    found = dict(pairs(holders, ["dnspython", "attrs", "attr"]))

    assert found == {"dns": "dnspython"}
