from paper2run.logs import BoundedLog, LineSplitter


def test_short_log_is_kept_whole_without_terminal_control() -> None:
    log = BoundedLog(half_bytes=100)
    log.add(b"\x1b[31mred\x1b[0m \x1b]0;title\x07")
    log.add("ü".encode()[:1])
    log.add("ü".encode()[1:])

    assert log.text() == "red ü"


def test_long_log_keeps_its_two_ends_and_says_what_is_missing() -> None:
    log = BoundedLog(half_bytes=4)
    for _ in range(10):
        log.add(b"0123456789")

    assert log.text() == "0123\n[... 92 bytes left out ...]\n6789"


def test_after_a_skip_the_end_stands_behind_a_gap() -> None:
    log = BoundedLog(half_bytes=4)
    log.add(b"ab")
    log.skip()
    log.add(b"yz")

    assert log.text() == "ab\n[... 0 or more bytes left out ...]\nyz"


def test_skip_with_nothing_behind_it_shows_no_gap() -> None:
    log = BoundedLog()
    log.skip()

    assert log.text() == ""


def test_lines_are_cut_across_blocks_and_by_carriage_returns() -> None:
    splitter = LineSplitter()

    assert splitter.lines(b"one\r\ntw") == ["one"]
    assert splitter.lines(b"o\n10%\r20%\r\n\n") == ["two", "10%", "20%"]
    assert splitter.lines(b"rest") == []
    assert splitter.lines(b"") == ["rest"]


def test_endless_line_is_handed_on_in_pieces() -> None:
    assert LineSplitter().lines(b"x" * 20_000) == ["x" * 20_000]
