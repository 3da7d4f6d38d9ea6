from collections import Counter

import pytest

from paper2run.errors import UserError
from paper2run.model.repo import Paper, Section
from paper2run.papers.paper_links import (
    contenders,
    rank_repositories,
    repository_of,
    repository_url,
)
from paper2run.papers.paper_text import (
    mend,
    sections_of_markdown,
    sections_of_pages,
    sections_of_plain_text,
    title_of_pages,
)


def headings(sections):
    return [section.heading for section in sections]


def test_markdown_is_cut_at_headings_but_not_inside_code():
    text = "intro\n\n# A title\n\nfirst\n\n```sh\n# no heading\n```\n\nMethods\n-------\nsecond\n"
    title, sections = sections_of_markdown(text)
    assert title == "A title"
    assert headings(sections) == ["", "A title", "Methods"]
    assert "# no heading" in sections[1].text
    assert sections[2].text == "second"


def test_front_matter_gives_the_title_and_is_no_heading():
    title, sections = sections_of_markdown(
        "---\ntitle: 'A tool: for x'\ntags: [a]\n---\n\n# Summary\nbody\n"
    )
    assert title == "A tool: for x"
    assert headings(sections) == ["Summary"]


@pytest.mark.parametrize("fields", ["title: [", "- a", "title: 3", ""])
def test_malformed_front_matter_is_left_out(fields):
    title, sections = sections_of_markdown(f"---\n{fields}\n---\n# Real\nbody\n")
    assert (title, headings(sections)) == ("Real", ["Real"])


def test_underlined_lines_are_the_headings_of_plain_text():
    title, sections = sections_of_plain_text(
        "=====\nTool\n=====\nwhat it is\n\nInstall\n-------\npip install .\n"
    )
    assert title == "Tool"
    assert [(s.heading, s.text) for s in sections] == [
        ("Tool", "what it is"),
        ("Install", "pip install ."),
    ]


def test_pages_are_cut_at_numbered_known_and_roman_headings():
    pages = (
        "A Study of Things\nA. Author\nAbstract\nWe study.\n1 Introduction\nThings are.",
        "more of it\n2.1 Experimental Setup\n3 epochs of training were enough, as we saw.\nIV. RESULTS\n0.93",
    )
    sections = sections_of_pages(pages)
    assert headings(sections) == [
        "",
        "Abstract",
        "1 Introduction",
        "2.1 Experimental Setup",
        "IV. RESULTS",
    ]
    assert [section.page for section in sections] == [1, 1, 1, 2, 2]
    assert sections[2].text == "Things are.\nmore of it"
    assert title_of_pages(pages) == "A Study of Things"


@pytest.mark.parametrize(
    "line",
    [
        "1. open the lid.",
        "2 x y z",
        "3 0.91 0.88 0.79",
        "12 Monkeys were seen on the way to the old city gate today",
    ],
)
def test_list_items_and_table_rows_are_no_headings(line):
    assert headings(sections_of_pages(["Abstract\n" + line])) == ["Abstract"]


def test_running_headers_and_page_numbers_are_left_out():
    pages = [
        f"Journal of Things 12\nbody of page {n} here\nstays\nand ends\n{n}" for n in range(1, 6)
    ]
    text = sections_of_pages(pages)[0].text
    assert "Journal" not in text
    assert text.count("stays") == 5
    assert "\n3\n" not in text


def test_cut_words_are_joined_and_ligatures_spelled_out():
    assert mend("e\ufb03cient com-\nputation of signi\ufb01-\ncance, co\u00adoperate") == (
        "efficient computation of significance, cooperate"
    )


def test_a_compound_that_the_paper_uses_keeps_its_hyphen():
    words = Counter({"open-source": 2, "opensource": 0})
    assert (
        mend("open-\nsource and COVID-\n19 by Jean-\nPaul", words)
        == "open-source and COVID-19 by Jean-Paul"
    )


def test_an_address_cut_at_a_line_end_is_whole_again():
    assert (
        mend("see https://github.com/owner/a-long-\nname now")
        == "see https://github.com/owner/a-long-name now"
    )
    assert (
        mend("see https://github.com/owner/\nname now") == "see https://github.com/owner/name now"
    )


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://github.com/o/n", "https://github.com/o/n"),
        ("http://www.github.com/o/n.git).", "https://github.com/o/n"),
        ("github.com/o/n/blob/master/a.py#L3", "https://github.com/o/n"),
        ("git@github.com:o/n.git", "https://github.com/o/n"),
        ("ssh://git@codeberg.org/o/n", "https://codeberg.org/o/n"),
        ("https://gitlab.com/g/sub/n/-/tree/main/x", "https://gitlab.com/g/sub/n"),
        ("https://gitlab.com/g/sub/n/tree/main", "https://gitlab.com/g/sub/n"),
        ("https://gitlab.uni-x.de/g/n.git", "https://gitlab.uni-x.de/g/n"),
        ("https://example.org/some/thing.git", "https://example.org/some/thing"),
        ("https://git.sr.ht/~o/n", "https://git.sr.ht/~o/n"),
        ("https://github.com/features/actions", ""),
        ("https://github.com/owner", ""),
        ("https://doi.org/10.1000/182", ""),
        ("mailto:someone@example.org", ""),
    ],
)
def test_addresses_are_reduced_to_the_repository(text, url):
    assert repository_url(text) == url


def test_the_authors_own_repository_comes_before_the_tools_they_used():
    sections = (
        Section(
            heading="2 Method", text="We use Torch (https://github.com/torch/torch7) throughout."
        ),
        Section(heading="5 Code", text="Our code is available at https://github.com/us/ours."),
        Section(heading="References", text="[1] https://github.com/them/theirs"),
    )
    ranked = rank_repositories(sections)
    assert [link.url for link in ranked] == [
        "https://github.com/us/ours",
        "https://github.com/torch/torch7",
        "https://github.com/them/theirs",
    ]
    assert contenders(ranked) == ()


def test_two_equal_repositories_are_reported():
    text = "Made of https://github.com/a/one and later, much later in this text, https://github.com/b/two"
    ranked = rank_repositories((Section(heading="x", text=text),))
    assert contenders(ranked) == ("https://github.com/a/one", "https://github.com/b/two")


@pytest.mark.parametrize(
    ("urls", "alike", "words"),
    [
        (("https://github.com/a/one",), (), ""),
        (("https://github.com/a/one", "https://github.com/b/two"), (), ""),
        (
            ("https://github.com/a/one", "https://github.com/b/two"),
            ("https://github.com/a/one", "https://github.com/b/two"),
            "nothing in it decides: https://github.com/a/one, https://github.com/b/two",
        ),
        ((), (), "names no repository"),
    ],
)
def test_a_paper_alone_leads_to_one_repository_or_to_a_choice(urls, alike, words):
    paper = Paper(path="p.pdf", origin="given", repository_urls=urls, contenders=alike)
    if not words:
        assert repository_of(paper) == urls[0]
        return
    with pytest.raises(UserError, match=words) as caught:
        repository_of(paper)
    assert "--repo" in caught.value.hint


def test_a_link_annotation_completes_an_address_that_the_text_cuts_off():
    sections = (
        Section(heading="", text="Source code: https://github.com/us/deep\nfold is public"),
    )
    ranked = rank_repositories(sections, ["https://github.com/us/deepfold"])
    assert [link.url for link in ranked] == ["https://github.com/us/deepfold"]


def test_a_repository_named_in_the_title_is_likely():
    text = "Built on https://github.com/a/base, with https://github.com/b/deep-fold, that is all"
    ranked = rank_repositories((Section(heading="x", text=text),), title="DeepFold: folding deeply")
    assert ranked[0].url == "https://github.com/b/deep-fold"
