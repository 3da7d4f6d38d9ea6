"""What authors state that comes out of their code, and whether it did: the ledger of a run."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from paper2run.model.value import Source, Value

ClaimVerdict = Literal["reproduced", "close", "differs", "not-found", "not-run"]
"""reproduced: rounds to what is printed; close: within CLOSE of it, as far as the output prints, or between what
several runs gave; differs: none of these; not-found: no line of the output is about it; not-run: nothing printed
anything, for the reason in `need`."""
CLOSE: Final = 0.01
"""Relative distance up to which a value is close."""
SAME_PICTURE: Final = 0.0005
ALIKE_PICTURE: Final = 0.005
"""Mean difference of brightness, 0 to 1, up to which a picture is reproduced, and close. Measured with the same plots
of matplotlib 3.1 and 3.10: 0 to 0.0017; with other data: 0.009 to 0.05, and 0.001 where only numbers at an axis differ.
"""


class Placed(Value):
    """Where a cell stands in a table that authors state."""

    heads: tuple[str, ...] = ()
    """Of all columns, with that of the rows' names."""
    rows: tuple[str, ...] = ()
    """The first cells of all rows."""
    cells: tuple[str, ...] = ()
    """Of its own row."""
    caption: str = ""
    has_names: bool = True
    """Whether the first column names the rows."""


class Claim(Value):
    """One number that authors state."""

    form: Literal["output", "example", "cell", "file", "table", "text"]
    """output: printed below a command in a document; example: by a statement of Python; cell: stored in a
    notebook; file: in a file that the checkout keeps and the command writes anew; table: a cell of it; text:
    `name = value` in a sentence."""
    label: str
    """What is meant, as its place tells: the line with `#` for its numbers, the statement, `row | column`, the name."""
    position: int = 0
    """Of the number in its line of output; of the cell among the numbers of its row."""
    line: int = 0
    """Of an example: the line of its output, from 0; of a notebook or a file: among the lines that say the same."""
    cell: int = 0
    """Of a notebook: the number among the code cells, from 1."""
    row: str = ""
    """The first cell of its row; of output, the first number of the line; of an example, a notebook or a file, its line
    with `#` for the numbers."""
    column: str = ""
    printed: str
    """The number as it is printed, without unit."""
    unit: str = ""
    """`%`, or empty."""
    command: str = ""
    """The command that documents tie to it; empty without one. `examples of README.md` are run together,
    `notebook fit.ipynb` from its first to its last cell."""
    sentence: Annotated[str, SkipJsonSchema()] = Field(default="", exclude=True)
    """Of a number in a sentence: the whole of it. This and what follows serve the comparison and are not kept."""
    start: Annotated[int, SkipJsonSchema()] = Field(default=0, exclude=True)
    """Where the number begins in the sentence."""
    placed: Annotated[Placed | None, SkipJsonSchema()] = Field(default=None, exclude=True)
    """Of a cell of a table."""
    aliases: Annotated[tuple[tuple[str, str], ...], SkipJsonSchema()] = Field(
        default=(), exclude=True
    )
    """Names and what documents say that they mean: `PPV`, `positive predictive value`."""
    in_code: bool = False
    """The code itself holds the number: a setting, or a constant, which comes out of nothing."""
    source: Source


class JudgedClaim(Value):
    """A claim with its verdict. Without a line of evidence it is `not-found` or `not-run`."""

    claim: Claim
    verdict: ClaimVerdict
    obtained: str = ""
    """The number of the output that is compared, as it is printed."""
    evidence: str = ""
    """The line of the output, or of the file that was written."""
    log_digest: str = ""
    """sha256 of the file, or of the command's output as its record has it (both streams, JSON), first 16 hex digits."""
    spread: tuple[str, ...] = ()
    """What each run gave, where they differ."""
    need: str = ""
    """Why nothing ran."""
    by_part: bool = False
    """The names agree in part only: the number is the same, and is no reason for the grade `results`."""


class JudgedPicture(Value):
    """A picture that authors keep, and whether the same came out."""

    label: str
    """`cell 12`, or the file's path."""
    command: str
    source: Source
    verdict: ClaimVerdict
    """not-found: none came out; not-run: it cannot be compared, for the reason in `need`."""
    distance: float | None = None
    """Mean difference of brightness, 0 to 1; None where it was not compared."""
    shown: str = ""
    """Path in the run folder of the kept picture, the new one and their difference side by side."""
    stored_digest: str = ""
    obtained_digest: str = ""
    """sha256 of the files, first 16 hex digits."""
    need: str = ""


class ClaimRun(Value):
    """A command that was run for its claims."""

    command: str
    passed: bool
    exit_code: int
    seconds: float
    log_digest: str
    as_stored: bool = False
    """Of a notebook that fails from its first to its last cell: in the order in which its author executed them."""
    behind_others: bool = False
    """Of a documented command that fails alone: behind the commands that its document has before it."""
    times: int = 1
    """How often: a command that writes files of the checkout, or gives another number than is stated, runs again."""
    wrote: tuple[str, ...] = ()
    """Files of the checkout that it writes, also where they are missing."""


class ClaimCounts(Value):
    """How many numbers authors state, by verdict."""

    stated: int = 0
    reproduced: int = 0
    close: int = 0
    differing: int = 0
    not_found: int = 0
    not_run: int = 0
    pictures: int = 0
    """Kept pictures that were compared."""
    pictures_alike: int = 0
    """Those of them that are reproduced or close."""

    def __add__(self, other: "ClaimCounts") -> "ClaimCounts":
        """Return the counts of both."""
        own, others = self.model_dump(), other.model_dump()
        return ClaimCounts(**{name: count + others[name] for name, count in own.items()})


class ClaimLedger(Value):
    """`claims.json`: all claims of a run, in the order of their places."""

    claims: tuple[JudgedClaim, ...] = ()
    pictures: tuple[JudgedPicture, ...] = ()
    runs: tuple[ClaimRun, ...] = ()

    @property
    def counts(self) -> ClaimCounts:
        """How many claims there are by verdict."""
        by = Counter(judged.verdict for judged in self.claims)
        return ClaimCounts(
            stated=len(self.claims),
            reproduced=by["reproduced"],
            close=by["close"],
            differing=by["differs"],
            not_found=by["not-found"],
            not_run=by["not-run"],
            pictures=sum(one.distance is not None for one in self.pictures),
            pictures_alike=sum(one.verdict in ("reproduced", "close") for one in self.pictures),
        )

    @property
    def has_result(self) -> bool:
        """Whether a number with a point came out under its own name, and the code does not hold it itself."""
        return any(
            judged.verdict == "reproduced"
            and not judged.by_part
            and not judged.claim.in_code
            and "." in judged.claim.printed
            for judged in self.claims
        )


class ClaimFindings(Value):
    """What became of the numbers and pictures that authors state."""

    ledger: ClaimLedger
    strips: Mapping[str, str] = Field(default_factory=dict)
    """By the path that a picture's `shown` names: the PNG, base64."""
