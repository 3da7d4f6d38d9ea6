"""Documents and outputs that are made to be slow to read give their claims soon."""

import time

import pytest

from paper2run.claims.aliases import aliases_in
from paper2run.claims.html_tables import html_tables
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.model.value import Source

SOON_S = 20.0
"""Of the processor: each took minutes, or no end, where a pattern or a loop was quadratic."""
SYMBOLS = frozenset(chr(945 + place) for place in range(24))


@pytest.mark.parametrize(
    "text",
    ["aa  bb  cc\n" * 20_000, "---- ----\n" * 20_000, "a  b\n---- ----\n" * 10_000, "a" * 200_000, "a-" * 100_000,
     "word " * 40_000, "ab cd ef (" * 20_000, "<table><tr>" + "<td>" * 60_000],
)  # fmt: skip
def test_a_long_document_is_read_soon(text):
    began = time.process_time()

    claims_in([Text("README.txt", text, Source(kind="file", path="README.txt"))], [])
    aliases_in([text], SYMBOLS)
    html_tables(text)

    assert time.process_time() - began < SOON_S
