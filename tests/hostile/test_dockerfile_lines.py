"""A Dockerfile's lines end where Docker ends them, whatever Unicode calls a line end."""

import pytest

from paper2run.rendering.injection import Injection, base_images, instructions

NOT_DOCKERS_LINE_ENDS = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize("character", NOT_DOCKERS_LINE_ENDS)
def test_only_a_line_feed_begins_an_instruction(character: str) -> None:
    text = f'FROM python:3.11-slim\nCMD ["x{character}FROM evil.example/attacker/img b"]\n'
    assert [found.name for found in instructions(text)] == ["FROM", "CMD"]
    assert "".join(found.text for found in instructions(text)) == text
    assert base_images(text) == ("python:3.11-slim",)
    site = Injection(index_url="https://index.example/simple")
    assert site.apply(text).endswith(f'CMD ["x{character}FROM evil.example/attacker/img b"]\n')


@pytest.mark.parametrize("character", NOT_DOCKERS_LINE_ENDS.replace("\r", ""))
def test_only_blanks_may_follow_the_sign_that_continues_a_line(character: str) -> None:
    text = f"FROM python:3.11-slim\nRUN true \\{character}\nFROM debian:12\n"
    assert base_images(text) == ("python:3.11-slim", "debian:12")


def test_a_carriage_return_before_the_line_feed_belongs_to_the_line_end() -> None:
    text = "FROM python:3.11-slim\r\nRUN true \\\r\n  && FROM\r\n"
    assert [found.name for found in instructions(text)] == ["FROM", "RUN"]
