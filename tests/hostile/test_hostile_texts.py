"""Papers and logs that somebody wrote to hurt: rules read them in seconds."""

import time

import pytest

from paper2run.failures.failure_log import telling_line
from paper2run.model.outcome import Log, SmokeFailed
from paper2run.model.repo import Section
from paper2run.papers.paper_links import rank_repositories
from paper2run.papers.paper_text import mend, sections_of_markdown

LIMIT_S = 5
"""Far above what any of these takes here (under 1 s), far below what the quadratic ways take (minutes)."""
SIZE = 400_000
MARKDOWN_LIMIT_S = 40
"""The slowest takes 2 s here; `[` took 90 s when links were looked for."""


@pytest.mark.parametrize("part", ["a.", "a-", "a", "www.", "https://", "git@", "a/", "a.b:"])
def test_a_papers_text_is_read_in_time(part):
    text = part * (SIZE // len(part))
    started = time.process_time()

    mend(text)
    rank_repositories((Section(heading="", text=text),))

    assert time.process_time() - started < LIMIT_S


@pytest.mark.parametrize("part", [" ", "E ", "a.", "a: ", "Error "])
def test_a_logs_telling_line_is_found_in_time(part):
    line = part * (2000 // len(part)) + "\n"
    failure = SmokeFailed(exit_code=1, seconds=1, log=Log(stderr=line * 1000))
    started = time.process_time()

    telling_line(failure)

    assert time.process_time() - started < LIMIT_S


@pytest.mark.parametrize("part", ["[", "![](", "<a ", "`", "> "])
def test_a_markdown_papers_headings_are_found_in_time(part):
    text = "# Title\n\n" + part * (5_000_000 // len(part))
    started = time.process_time()

    title, sections = sections_of_markdown(text)

    assert (title, sections[0].heading) == ("Title", "Title")
    assert time.process_time() - started < MARKDOWN_LIMIT_S


MERGES = "a: &a {k: v}\n" + "".join(f"b{i}: &a {{<<: [*a, *a], k{i}: v}}\n" for i in range(60))


@pytest.mark.parametrize(
    "fields",
    ["[" * 100_000, "? " * 50_000, "day: 2020-13-45", MERGES, "title: &a [*a]", "- " * 9_000],
)
def test_a_front_matter_that_nobody_would_write_is_left_out(fields):
    started = time.process_time()
    title, sections = sections_of_markdown(f"---\n{fields}\n---\n# Real\nbody\n")
    assert (title, [section.heading for section in sections]) == ("Real", ["Real"])
    assert time.process_time() - started < LIMIT_S
