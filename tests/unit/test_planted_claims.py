"""Two hundred planted numbers in twenty pairs of documents and outputs: true, altered, never computed."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from paper2run.claims.matching import judged
from paper2run.claims.stated import claims_in
from paper2run.claims.ties import Text
from paper2run.model.environment import SmokeChoice
from paper2run.model.value import Source

TRUE, ALTERED, ABSENT = 6, 2, 2
"""Of each pair."""
FIELDS = {
    "language": ["accuracy", "precision", "recall", "F1", "BLEU", "perplexity"],
    "physics": ["δ", "α_n", "λ_max", "χ", "energy gap", "critical exponent"],
    "ecology": ["RMSE", "bias", "species richness", "mean slope", "NDVI", "R2"],
    "systems": ["p99 latency", "throughput", "hit rate", "overhead", "speedup", "queue length"],
}
ROWS = [
    "linear",
    "ResNet-50",
    "random forest",
    "ours (full)",
    "n = 128",
    "baseline 2",
    "k-NN",
    "GP",
    "SVM",
    "MLP",
]


class Planted(NamedTuple):
    """One number of a pair."""

    name: str
    row: str
    value: float
    printed: str
    kind: str


def planted(random: Random, names: list[str]) -> list[Planted]:
    kinds = ["true"] * TRUE + ["altered"] * ALTERED + ["absent"] * ABSENT
    random.shuffle(kinds)
    found = []
    for number, kind in enumerate(kinds):
        digits = random.choice([2, 3, 4])
        value = random.uniform(0.1, 60.0)
        stated = value
        if kind == "altered":
            # From a wrong last digit to a tenth more.
            stated = value + random.choice([2 * 10**-digits, 0.03 * value, 0.1 * value])
        name = names[number % len(names)]
        found.append(Planted(name, ROWS[number], value, f"{stated:.{digits}f}", kind))
    return found


def as_output(pair: list[Planted]) -> tuple[str, str, str]:
    text = "".join(f"{one.row} {one.name}: {one.printed}\n" for one in pair)
    ran = "".join(
        f"{one.row} {one.name}: {one.value:.{len(one.printed.partition('.')[2])}f}\n"
        for one in pair
        if one.kind != "absent"
    )
    return f"# Run\n```\npython run.py\n```\nprints\n```\n{text}```\n", "", f"loading\n{ran}done\n"


def as_table(pair: list[Planted]) -> tuple[str, str, str]:
    """Return a table of one column for each name, of which the output prints the heads in lower case."""
    rows = "".join(f"| **{one.row}** | {one.printed} |\n" for one in pair)
    table = f"Table 3 compares them.\n\n| model | score (%) |\n|---|---|\n{rows}"
    lines = "".join(f"{one.row:<16}{one.value:.6f}\n" for one in pair if one.kind != "absent")
    usage = (
        "# Run\nThis gives Table 3:\n```\npython run.py\n```\n# Other\n```\npython other.py\n```\n"
    )
    return usage, table, f"{'model':<16}score\n{lines}"


def as_wide_table(pair: list[Planted]) -> tuple[str, str, str]:
    names = [f"{one.name} {number}" for number, one in enumerate(pair)]
    table = f"| n | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}\n"
    table += f"| 64 | {' | '.join(one.printed for one in pair)} |\n"
    shown = [(name, one) for name, one in zip(names, pair, strict=True) if one.kind != "absent"]
    heads = "  ".join(f"{name.lower().replace('-', '_'):<22}" for name, _ in shown)
    values = "  ".join(f"{one.value:<22.8f}" for _, one in shown)
    usage = "# Run\n```\npython run.py\n```\n"
    return usage, table, f"n   {heads}\n32  {values.replace('.', '.0')}\n64  {values}\n"


def as_sentences(pair: list[Planted]) -> tuple[str, str, str]:
    names = [f"{one.name.split()[-1]}_{number}" for number, one in enumerate(pair)]
    told = zip(names, pair, strict=True)
    text = "\n".join(f"We obtain {name} = {one.printed} in this case." for name, one in told)
    ran = "".join(
        f"final {name}: {one.value:.7f}\n"
        for name, one in zip(names, pair, strict=True)
        if one.kind != "absent"
    )
    return "# Run\n```\npython run.py\n```\n", text, f"step 1 of 9\n{ran}"


STYLES: tuple[Callable[[list[Planted]], tuple[str, str, str]], ...] = (
    as_output, as_table, as_wide_table, as_sentences, as_output,
)  # fmt: skip
RIGHT = {
    "true": {"reproduced"},
    "altered": {"close", "differs"},
    "absent": {"not-found"},
}


def runs(text: str) -> list[SmokeChoice]:
    return [
        SmokeChoice(
            kind="documented",
            command=line,
            proves="it runs",
            source=Source(kind="readme", path="README.md", line=number),
        )
        for number, line in enumerate(text.splitlines(), 1)
        if line.startswith("python ")
    ]


def test_planted_numbers_are_found_and_judged_and_no_altered_one_is_reproduced():
    random = Random(16)
    found: Counter[str] = Counter()
    wrong = []
    for names in FIELDS.values():
        for style in STYLES:
            pair = planted(random, names)
            readme, paper, output = style(pair)
            texts = [Text("README.md", readme, Source(kind="file", path="README.md"))]
            texts.append(Text("paper.md", paper, Source(kind="paper", path="paper.pdf")))
            claims = {claim.printed: claim for claim in claims_in(texts, runs(readme))}
            for one in pair:
                claim = claims.get(one.printed)
                found["planted"] += 1
                found["extracted"] += claim is not None
                verdict = judged(claim, output, "d").verdict if claim else "not extracted"
                assert not (one.kind == "altered" and verdict == "reproduced"), (style, one)
                assert claim is None or claim.command == "python run.py", (style, one)
                if claim and verdict not in RIGHT[one.kind]:
                    wrong.append((style.__name__, one, verdict))

    assert found["planted"] == 200
    assert found["extracted"] >= 0.9 * found["planted"]
    assert len(wrong) <= 0.05 * found["extracted"], wrong
