"""What a Makefile's default goal links, told without running make."""

import time

import pytest

from paper2run.formats.makefile import products, recipe_of


def paths(text: str) -> list[str]:
    return [linked.path for linked in products(text)]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("prog: a.o b.o\n\tgcc -o prog a.o b.o\n", ["prog"]),
        ("prog: a.o\n", ["prog"]),
        ("P=tool\nall:$(P)\n$(P): x.c\n\t$(CC) $< -o $@\n", ["tool"]),
        ("B = bin\nall: ${B}/sim\n${B}/sim: a.o\n\tg++ -O2 \\\n\t  -o $@ a.o -lm\n", ["bin/sim"]),
        ("all: one two\none:\n\tcc -o one 1.c\ntwo:\n\tcc -o out/two 2.c\n", ["one", "out/two"]),
        ("lib: libx.a\nlibx.a: a.o\n\tar rcs $@ a.o\n", ["libx.a"]),
        ("prog: prog.f90\n\tgfortran -O2 prog.f90 -o prog\n", ["prog"]),
        (".PHONY: all\nall: prog\nprog: main.o\n\t@$(CXX) -o $@ main.o\n", ["prog"]),
        ("a.o: a.c\n\tgcc -c a.c -o a.o\n", []),
        ("test:\n\tpytest\n\nprog: a.o\n\tgcc -o prog a.o\n", []),
        ("all: $(shell ls)\n\t@echo done\n", []),
        ("all: ; gcc -o /usr/bin/x x.c\n", []),
        ("", []),
    ],
)
def test_the_default_goal_tells_what_is_made(text: str, made: list[str]) -> None:
    assert paths(text) == made


def test_a_rule_keeps_its_line() -> None:
    assert products("# head\nX = 1\nprog: a.o\n\tgcc -o prog a.o\n")[0].line == 3


def test_goals_that_need_each_other_and_variables_that_double_end_soon() -> None:
    doubling = "".join(f"V{n} = $(V{n - 1}) $(V{n - 1})\n" for n in range(1, 60))
    loop = "a: b\n\tgcc -o a x.o\nb: a\n\tgcc -o b x.o\n"
    started = time.process_time()
    assert paths(f"V0 = word\n{doubling}all: a $(V59)\n{loop}") == ["a", "b"]
    assert paths("x" * 150_000 + ":" + " y" * 20_000) == []
    assert paths("V=" + " w" * 9_000 + "\n" + "$(V): $(V)\n" * 15_000) == []
    assert time.process_time() - started < 20


RECIPES = """PY ?= python
SIZES = small large

all: tables

tables: data.csv
\t@$(PY) tables.py $< --out tables.md

data.csv:
\t-$(PY) simulate.py

$(SIZES):
\t$(PY) bench.py configs/$@.json

plot:
\t$(PY) plot.py $(shell ls *.csv)
"""


@pytest.mark.parametrize(
    ("goal", "lines"),
    [
        ("all", ("python simulate.py", "python tables.py data.csv --out tables.md")),
        ("large", ("python bench.py configs/large.json",)),
        ("plot", ()),
        ("unknown", ()),
    ],
)
def test_a_goal_runs_what_it_needs_first(goal, lines):
    assert recipe_of(RECIPES, goal) == lines
