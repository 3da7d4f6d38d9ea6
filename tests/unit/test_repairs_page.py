"""docs/repairs.md says what the rules say."""

from benchmarks.list_repairs import PAGE, page


def test_the_page_of_repairs_is_current():
    assert PAGE.read_text("utf-8") == page(), "run python -m benchmarks.list_repairs"
