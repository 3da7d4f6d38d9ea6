"""The day for which an undated checkout is planned, from headers, notices and names that went."""

from datetime import date

import pytest

from paper2run.detectors.written_dates import detect
from paper2run.formats.tree import RepoTree
from paper2run.model.environment import Asked
from paper2run.model.facts import OldName, PythonSyntax, RepoFacts, WrittenOn
from paper2run.model.value import Source
from paper2run.planning.era import era_of, with_era
from paper2run.planning.evidence import Evidence

HERE = Source(kind="file", path="a.py", line=1)
OF_2015 = WrittenOn(day=date(2015, 3, 2), source=HERE)
BEFORE_FABRIC_2 = OldName(name="fabric.api", distribution="fabric", below="2", source=HERE)


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Created on Mon Mar  2 10:21:33 2015", date(2015, 3, 2)),
        ("Created on Thu, September 19 2019", date(2019, 9, 19)),
        ("# Date: 2014-05-03", date(2014, 5, 3)),
        ("Last modified by me: 2013/11/30", date(2013, 11, 30)),
        ("# Copyright (c) 2009-2012, Someone", date(2012, 12, 31)),
        ("# Copyright (C) 2007 Free Software Foundation", None),
        ("# Date: 2014-15-03", None),
        ("DATES = [2014, 2015]", None),
        ("written for python 3", None),
    ],
)
def test_headers_name_the_day(tmp_path, line, day):
    (tmp_path / "a.py").write_text(f'"""\n{line}\n"""\nimport os\n')
    assert [fact.day for fact in detect(RepoTree.of(tmp_path))] == ([day] if day else [])


def test_the_latest_header_counts_and_the_earliest_kind_of_evidence(tmp_path):
    (tmp_path / "a.py").write_text("# Date: 2014-05-03\n")
    (tmp_path / "b.py").write_text("# Date: 2016-01-01\n")
    (found,) = detect(RepoTree.of(tmp_path))
    assert (found.day, found.source.path) == (date(2016, 1, 1), "b.py")
    assert era_of(RepoFacts(facts=(OF_2015, BEFORE_FABRIC_2))).day == date(2015, 3, 2)
    assert era_of(RepoFacts(facts=(BEFORE_FABRIC_2,))).day.year == 2018
    assert era_of(RepoFacts()) is None


def test_a_notice_older_than_the_code_s_own_syntax_is_no_evidence():
    modern = PythonSyntax(major=3, minor=8, files=1, source=HERE)
    assert era_of(RepoFacts(facts=(OF_2015, modern))) is None


@pytest.mark.parametrize("day", [None, date(2020, 1, 1)])
def test_a_commit_s_own_date_wins(day):
    asked = Asked(name="a/b", commit="1" * 40, commit_day=day)
    evidence, era = with_era(Evidence(RepoFacts(facts=(OF_2015,)), frozenset(), asked))
    assert (evidence.asked.commit_day, era is None) == (
        (day, True) if day else (OF_2015.day, False)
    )
