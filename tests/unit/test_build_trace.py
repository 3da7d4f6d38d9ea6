"""Messages just as Docker 20.10.24 sent them; tests/engine reads live ones."""

from base64 import b64decode

import pytest

from tasks.drivers.engine.build_trace import decode

FAILED = b64decode(
    "CvsBCkdzaGEyNTY6NGRkZTg1ZjkxN2ZhYWE1ZTVjMDIxMjBiMjRiNzMxNTRiYzBkZDY0ZDk4NjhjYTYxNWJkNzIxYjQ2"
    "ZjAxZTQxMhJHc2hhMjU2OmJiMDRhZGM1YTljZjBhYmNjYTNlOTdmNGRlZDM4NDQwYzg4YTU0NGNiNTE5NTEyMGY1YWY5"
    "NjdkZTFhMWMwODgaEFszLzNdIFJVTiBleGl0IDcqDAjQrYzYBhCm9aGPATIMCNCtjNgGEJLv5IoCOjlleGVjdXRvciBm"
    "YWlsZWQgcnVubmluZyBbL2Jpbi9zaCAtYyBleGl0IDddOiBleGl0IGNvZGU6IDc="
)
WROTE = b64decode(
    "Gl4KR3NoYTI1NjpiYjA0YWRjNWE5Y2YwYWJjY2EzZTk3ZjRkZWQzODQ0MGM4OGE1NDRjYjUxOTUxMjBmNWFmOTY3ZGUx"
    "YTFjMDg4EgsI0K2M2AYQ7cPPfxgCIgRlcnIK"
)
CACHED = b64decode(
    "CsgBCkdzaGEyNTY6YmIwNGFkYzVhOWNmMGFiY2NhM2U5N2Y0ZGVkMzg0NDBjODhhNTQ0Y2I1MTk1MTIwZjVhZjk2N2Rl"
    "MWExYzA4OBJHc2hhMjU2OjM5M2Y1Mzk5MjE0NWQ0ZTY2ZGIwNmM2ZmMyMzRjYzQ4NTk5NGVhZmRmMTNjNTMzMDI1MTRm"
    "Zjg2ZGJjNGIyODMaFlsyLzNdIFJVTiBlY2hvIGVyciA+JjIgASoMCNCtjNgGEN77j6QCMgwI0K2M2AYQxNqRpAI="
)


def test_failed_step_has_name_times_and_error() -> None:
    (step,) = decode(FAILED).vertexes

    assert step.digest.startswith("sha256:")
    assert step.name == "[3/3] RUN exit 7"
    assert step.started
    assert step.completed
    assert not step.cached
    assert step.error == "executor failed running [/bin/sh -c exit 7]: exit code: 7"


def test_step_from_the_cache_is_told_as_such() -> None:
    (step,) = decode(CACHED).vertexes

    assert step.name == "[2/3] RUN echo err >&2"
    assert step.cached
    assert step.begun
    assert step.error == ""


def test_output_tells_its_step_and_the_stream_it_was_written_to() -> None:
    (output,) = decode(WROTE).outputs

    assert output.digest in {vertex.digest for vertex in decode(CACHED).vertexes}
    assert output.is_stderr
    assert output.data == b"err\n"


def test_unknown_fields_of_all_kinds_are_passed_over() -> None:
    unknown = b"\x50\xff\x01" + b"\x59" + bytes(8) + b"\x5d" + bytes(4) + b"\x62\x02zz"

    assert decode(unknown + WROTE) == decode(WROTE)


@pytest.mark.parametrize("broken", [b"\n", b"\n\xff", b"\n\x05ab", b"\x0b", b"\x08"])
def test_message_that_is_cut_off_is_an_error(broken: bytes) -> None:
    with pytest.raises(ValueError, match=r"ends inside|wire type"):
        decode(broken)
