"""What `paper2run doctor` prints: nothing is cut, what is optional comes last."""

import io

from rich.console import Console

from tasks.console.doctor import Finding, print_findings

NAME = "PAPER2RUN_CONDA_CHANNEL_ALIAS_AND_MORE_OF_IT"


def test_nothing_that_must_be_copied_is_cut_and_optional_findings_come_last():
    text = io.StringIO()
    findings = [
        Finding("channels", works=False, found="none", do=f"set {NAME}", needed=False),
        Finding("engine", works=False, found="none", do="start one"),
        Finding("git", works=True, found="/usr/bin/git"),
    ]

    print_findings(Console(file=text, width=80), findings)

    lines = text.getvalue().splitlines()
    assert [line.split()[0] for line in lines[1:-1] if line[:4].strip()] == ["no", "ok", "-"]
    narrow = io.StringIO()
    print_findings(Console(file=narrow, width=40), findings[:1])
    assert NAME in "".join(narrow.getvalue().split())
