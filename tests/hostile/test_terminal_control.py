"""Text of programs, papers and repositories cannot move the cursor, switch charsets or hide text."""

import logging
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from paper2run.logs import BoundedLog, LineSplitter, plain
from paper2run.model.report import Metadata, Versions
from tasks.console.show import print_run, print_verdict
from tasks.console.terminal import Progress

SEQUENCES = {
    "reset": "\x1bc",
    "character set": "\x1b(0",
    "two intermediates": "\x1b$)C",
    "save cursor": "\x1b7",
    "keypad": "\x1b=",
    "CSI of 8 bits": "\x9b31m",
    "OSC of 8 bits": "\x9d0;title\x9c",
    "OSC": "\x1b]0;title\x07",
    "OSC with its own end": "\x1b]8;;http://evil.example\x1b\\",
    "sixel": "\x1bP1;2q#0~\x1b\\",
    "application command": "\x1b_Gpayload\x1b\\",
    "a lone escape": "\x1b",
    "backspaces": "\b\b\b",
    "bell": "\x07",
    "null": "\0",
    "delete": "\x7f",
    "next line": "\x85",
    "vertical tab": "\v",
    "form feed": "\f",
    "file separator": "\x1c",
}
SHOWN_AS_ESCAPES = "\u202e\u2066\u200b\u2028\ufeff"


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_a_log_keeps_the_text_around_a_sequence_and_nothing_of_it(sequence: str) -> None:
    log = BoundedLog()
    log.add(f"before{sequence}\n\tafter ü\n".encode())
    assert log.text() == "before\n\tafter ü\n"
    assert LineSplitter().lines(f"be{sequence}\x1b[0mfore\n".encode()) == ["before"]


def test_a_carriage_return_ends_a_line_as_it_does_while_the_log_is_written() -> None:
    assert plain("10%\r20%\r\r\ndone\r\n") == "10%\n20%\ndone\n"


@pytest.mark.parametrize(
    "unit", ["\x1b]", "\x9d", "\x1b", "\x1b[0", "\x9b1", "\x90a", "\x1bP", "\r", " \x1b!"]
)
def test_a_log_of_broken_sequences_is_read_in_time(unit: str) -> None:
    started = time.process_time()
    plain(unit * 200_000)
    assert time.process_time() - started < 5  # under 0.3 here, the quadratic way takes minutes


@pytest.mark.parametrize("sequence", [*SEQUENCES.values(), *SHOWN_AS_ESCAPES])
def test_the_live_lines_hold_nothing_that_a_terminal_obeys(sequence: str) -> None:
    console = Console(file=StringIO(), width=200)
    progress = Progress(console, live=True)
    for level in (logging.INFO, logging.DEBUG):
        progress.emit(logging.LogRecord("x", level, "", 0, f"see {sequence} here", None, None))
    console.print(progress)
    text = console.file.getvalue()
    assert not [character for character in text if is_control(character)]
    assert text.count("here") == 2


@pytest.mark.parametrize("sequence", [*SEQUENCES.values(), *SHOWN_AS_ESCAPES])
def test_a_verdict_and_a_report_are_shown_without_control(tmp_path: Path, sequence: str) -> None:
    metadata = Metadata.model_validate(
        {
            "status": "stopped-by-rule",
            "repo": "r",
            "name": f"o/{sequence}n",
            "reason": f"reads {sequence}data\nof somebody",
            "smallest_change": f"name {sequence}the data",
            "image": f"paper2run/x:{sequence}",
            "started_at": "2026-01-01T00:00:00Z",
            "versions": Versions(paper2run="0", rules="0", prefect="0", python="3"),
        }
    )
    (tmp_path / "metadata.json").write_text(metadata.model_dump_json())
    (tmp_path / "report.md").write_text(f"# A {sequence}\n\n- a {sequence} b\n\n`{sequence}`\n")
    console = Console(file=StringIO(), width=200)
    print_run(console, tmp_path)
    print_verdict(console, metadata, tmp_path / f"[red]{sequence.replace(chr(0), '')}")
    text = console.file.getvalue()
    assert not [character for character in text if is_control(character)]
    assert "data\nof somebody" in text


def test_the_log_of_a_run_that_goes_on_is_shown_without_control(tmp_path: Path) -> None:
    metadata = {
        "status": "running",
        "repo": "r",
        "name": "n",
        "started_at": "2026-01-01T00:00:00Z",
        "versions": {"paper2run": "0", "rules": "0", "prefect": "0", "python": "3"},
    }
    (tmp_path / "metadata.json").write_text(Metadata.model_validate(metadata).model_dump_json())
    (tmp_path / "run.log").write_bytes(b"python 3.9 from \x1bc\xff\xc2\x9b31m\n")
    console = Console(file=StringIO(), width=200)
    print_run(console, tmp_path)
    text = console.file.getvalue()
    assert not [character for character in text if is_control(character)]
    assert r"python 3.9 from \x1bc" in text


def test_brackets_in_a_folders_name_are_no_markup(tmp_path: Path) -> None:
    console = Console(file=StringIO(), width=200)
    metadata = Metadata.model_validate(
        {
            "status": "planned",
            "repo": "r",
            "name": "n",
            "image": "x[bold]y",
            "started_at": "2026-01-01T00:00:00Z",
            "versions": {"paper2run": "0", "rules": "0", "prefect": "0", "python": "3"},
        }
    )
    print_verdict(console, metadata, Path("/runs/[red]a[/red]/[/]"))
    text = console.file.getvalue()
    assert "folder   /runs/[red]a[/red]/[/]" in text
    assert "x[bold]y" in text


def is_control(character: str) -> bool:
    return (
        (ord(character) < 32 and character not in "\n\t")
        or 127 <= ord(character) < 160
        or character in SHOWN_AS_ESCAPES
    )
