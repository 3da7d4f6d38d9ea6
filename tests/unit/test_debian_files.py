"""What a log wants of the system, whose release an image is, and which package of it wins."""

import pytest

from paper2run.failures.debian_files import KEPT, Release, package_of, read_release
from paper2run.failures.wanted_files import WantedFile, wanted_files

ONE_LINE = """\
# deb https://old.example.org/debian buster main
deb [trusted=yes] https://mirror.example.org/debian/ bookworm main contrib
deb https://mirror.example.org/security bookworm-security main
architecture arm64
"""
DEB822 = """\
Types: deb
# a snapshot
URIs: http://mirror.example.org/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

architecture amd64
"""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("a.c:1:10: fatal error: gsl/gsl_math.h: No such file or directory", ("header", "gsl/gsl_math.h")),
        ("a.cc:1:10: fatal error: 'Eigen/Dense' file not found", ("header", "Eigen/Dense")),
        ("/usr/bin/ld: cannot find -lyaml-cpp", ("link", "yaml-cpp")),
        ("/usr/bin/ld.gold: cannot find -lz: No such file or directory", ("link", "z")),
        ("Package 'libpng', required by 'virtual:world', not found", ("pkgconfig", "libpng")),
        ("No package 'yaml-0.1' found", ("pkgconfig", "yaml-0.1")),
        ("meson.build:4:0: ERROR: Dependency \"openblas\" not found, tried pkgconfig", ("pkgconfig", "openblas")),
        ("/bin/sh: 1: flex: not found", ("program", "flex")),
        ("./build.sh: line 3: wget: command not found", ("program", "wget")),
        ("make[1]: bison: No such file or directory", ("program", "bison")),
        ("/usr/bin/env: ‘perl’: No such file or directory", ("program", "perl")),
        ("OSError: libgeos_c.so.1: cannot open shared object file: No such file", ("library", "libgeos_c.so.1")),
        ("ImportError: failed to find libmagic.  Check your installation", ("opened", "magic")),
        ('OSError: no library called "cairo-2" was found', ("opened", "cairo-2")),
        ("OSError: Could not find lib geos_c.so or load any of its variants []", ("opened", "geos_c")),
        ("x.ImproperlyConfigured: Could not find the GDAL library (tried \"gdal\")", ("opened", "GDAL")),
        ("ImportError: Unable to find zbar shared library", ("opened", "zbar")),
        ("RuntimeError: Cannot find the ecCodes library", ("opened", "ecCodes")),
        ("E   OSError: PortAudio library not found", ("opened", "PortAudio")),
        ("ImportError: The 'enchant' C library was not found. Please install it", ("opened", "enchant")),
        ("g.ExecutableNotFound: failed to execute PosixPath('dot'), make sure …", ("program", "dot")),
        ('FileNotFoundError: [Errno 2] "dot" not found in path.', ("program", "dot")),
        ("RuntimeError: samtools not found in PATH", ("program", "samtools")),
    ],
)  # fmt: skip
def test_the_words_of_tools_name_the_file_they_miss(line, wanted):
    assert wanted_files([line]) == {WantedFile(*wanted): line}


@pytest.mark.parametrize(
    "line",
    [
        "FileNotFoundError: [Errno 2] No such file or directory: 'data'",
        "make: *** No rule to make target 'all'.  Stop.",
        "ERROR: Package 'demo' requires a different Python: 3.6.15 not in '>=3.8'",
        "checking for yaml.h... no",
        "tests find the magic library",
        "ImportError: cannot find library",
        "OSError: Can't find model 'en_core_web_sm'. It doesn't seem to be a Python package",
        "ValueError: could not find the file data.csv",
        "-- Could NOT find Doxygen (missing: DOXYGEN_EXECUTABLE) ",
    ],
)
def test_other_missing_things_are_no_files_of_the_system(line):
    assert wanted_files([line]) == {}


@pytest.mark.parametrize(
    ("sources", "release"),
    [
        (ONE_LINE, Release("bookworm", "arm64", "https://mirror.example.org/debian")),
        (DEB822, Release("bookworm", "amd64", "http://mirror.example.org/debian")),
        ("architecture \n", None),
        ("architecture amd64\n", None),
    ],
)
def test_the_release_and_its_mirror_are_read_from_both_forms_of_sources(sources, release):
    assert read_release(sources) == release


@pytest.mark.parametrize(
    ("wanted", "lines", "package"),
    [
        # The folder that compilers look in before others that hold a file of that name.
        (
            ("header", "yaml.h"),
            ["usr/include/yaml-cpp/yaml.h a/libyaml-cpp-dev", "usr/include/yaml.h a/libyaml-dev"],
            "libyaml-dev",
        ),
        (
            ("cmake", "BoostConfig.cmake"),
            [
                "usr/lib/x86_64-linux-gnu/cmake/Boost-1.74.0/BoostConfig.cmake libdevel/libboost1.74-dev",
                "usr/share/doc/boost/BoostConfig.cmake doc/boost-doc",
            ],
            "libboost1.74-dev",
        ),
        (
            ("header", "ffi.h"),
            ["usr/include/x86_64-linux-gnu/ffi.h libdevel/libffi-dev"],
            "libffi-dev",
        ),
        (
            ("header", "Eigen/Dense"),
            ["usr/include/eigen3/Eigen/Dense libdevel/libeigen3-dev"],
            "libeigen3-dev",
        ),
        (
            ("header", "config.h"),
            ["usr/include/a/config.h a/liba-dev", "usr/include/b/config.h b/libb-dev"],
            "",
        ),
        (("header", "config.h"), ["usr/share/doc/a/config.h a/a-doc"], ""),
        (
            ("header", "boost/any.hpp"),
            ["usr/include/boost/any.hpp libdevel/libboost1.81-dev,libdevel/libboost1.74-dev"],
            "libboost1.74-dev",
        ),
        (
            ("library", "libGL.so.1"),
            [
                "usr/lib/x86_64-linux-gnu/primus/libGL.so.1 utils/primus-libs",
                "usr/lib/x86_64-linux-gnu/libGL.so.1 libs/libgl1",
            ],
            "libgl1",
        ),
        (
            ("library", "liblapack.so.3"),
            ["usr/lib/x86_64-linux-gnu/lapack/liblapack.so.3 libs/liblapack3"],
            "liblapack3",
        ),
        (
            ("link", "z"),
            [
                "usr/lib/x86_64-linux-gnu/libz.a x/y",
                "usr/lib/x86_64-linux-gnu/libz.so libdevel/zlib1g-dev",
            ],
            "zlib1g-dev",
        ),
        (("link", "q"), ["usr/lib/x86_64-linux-gnu/debug/libq.so debug/libq-dbg"], ""),
        (
            ("pkgconfig", "cairo"),
            ["usr/lib/x86_64-linux-gnu/pkgconfig/cairo.pc libdevel/libcairo2-dev"],
            "libcairo2-dev",
        ),
        (("program", "git"), ["usr/bin/git vcs/git", "usr/lib/git-core/git vcs/git-other"], "git"),
        # The library alone, whatever code calls it; not a module that is loaded by another.
        (
            ("opened", "gobject-2.0-0"),
            ["usr/lib/x86_64-linux-gnu/libgobject-2.0.so.0 libs/libglib2.0-0"],
            "libglib2.0-0",
        ),
        (
            ("opened", "Enchant"),
            ["usr/lib/x86_64-linux-gnu/libenchant-2.so.2 libs/libenchant-2-2"],
            "libenchant-2-2",
        ),
        (
            ("opened", "z"),
            [
                "usr/lib/x86_64-linux-gnu/libz.so.1 libs/zlib1g,libdevel/zlib1g-dev",
                "usr/lib/x86_64-linux-gnu/xlib/libz.so.1 libs/z",
            ],
            "zlib1g",
        ),
        # Debian's own Python does not see what the plan installs.
        (("program", "pytest"), ["usr/bin/pytest python/python3-pytest"], ""),
        (("program", "x"), ["usr/bin/x non-free/python/x"], ""),
    ],
)
def test_the_package_that_fits_best_wins_whatever_the_order_of_the_lines(wanted, lines, package):
    assert package_of(WantedFile(*wanted), lines) == package
    assert package_of(WantedFile(*wanted), reversed(lines)) == package


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (b"usr/include/yaml.h      libdevel/libyaml-dev\n", True),
        (b"usr/lib/aarch64-linux-gnu/libGL.so.1     libs/libgl1\n", True),
        (b"usr/lib/x86_64-linux-gnu/pkgconfig/cairo.pc   libdevel/libcairo2-dev\n", True),
        (b"bin/tar    utils/tar\n", True),
        (b"usr/share/doc/tar/changelog.gz   utils/tar\n", False),
        (b"usr/lib/python3/dist-packages/yaml/_yaml.so  python/python3-yaml\n", False),
    ],
)
def test_only_lines_that_can_answer_are_kept(line, kept):
    assert bool(KEPT.match(line)) is kept
