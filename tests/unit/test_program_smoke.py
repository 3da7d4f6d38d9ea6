"""Which documented runs have all that they read, and which packages bring a header."""

import pytest

from paper2run.knowledge import debian
from paper2run.smoke.program_smoke import reads_the_checkout

PATHS = frozenset({"data/words.txt", "input.txt", "src/main.c"})


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("--text input.txt --c 50", True),
        ("--text=input.txt", True),
        ("./input.txt 1.5e-3", True),
        ("input.txt data/out.txt", True),
        ("supervised", False),
        ("input.txt model.bin", False),
        ("input.txt /data/genome.fa", False),
        ("input.txt path/to/out", False),
        ("ref.fa", False),
        ("", False),
    ],
)
def test_a_documented_run_needs_a_file_of_the_checkout_and_none_that_is_missing(
    line: str, runs: bool
) -> None:
    assert reads_the_checkout(line.split(), PATHS) is runs


@pytest.mark.parametrize(
    ("header", "packages"),
    [
        ("zlib.h", ("zlib1g-dev",)),
        ("boost/regex.hpp", ("libboost-regex-dev",)),
        ("boost/shared_ptr.hpp", ("libboost-dev",)),
        ("Eigen/Dense", ("libeigen3-dev",)),
        ("gsl/gsl_rng.h", ("libgsl-dev",)),
        ("zlib_of_mine.h", ()),
        ("unheard/of.h", ()),
    ],
)
def test_the_longest_entry_names_the_package_of_a_header(
    header: str, packages: tuple[str, ...]
) -> None:
    assert debian.packages_of_header(header) == packages


def test_headers_of_the_compiler_are_standard_and_libraries_are_not() -> None:
    assert all(map(debian.is_standard_header, ["stdio.h", "vector", "sys/stat.h", "omp.h"]))
    assert not any(map(debian.is_standard_header, ["zlib.h", "boost/regex.hpp"]))


def test_r_packages_are_named_only_where_debian_has_them() -> None:
    assert debian.r_package("Matrix") == "r-cran-matrix"
    assert debian.r_package("DESeq2") == "r-bioc-deseq2"
    assert debian.r_package("mixsqpOfNobody") == ""
