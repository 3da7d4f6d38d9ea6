"""Runs one command for the numbers and pictures that it should print and write, and judges these."""

import hashlib
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from paper2run.claims import pictures
from paper2run.claims.answers import Printed, read_answer
from paper2run.claims.choosing import of_file
from paper2run.claims.collecting import Stated
from paper2run.claims.matching import STATED, judged
from paper2run.claims.result_files import file_claims, lines_of
from paper2run.claims.spread import with_spread
from paper2run.model.claims import Claim, ClaimRun, JudgedClaim, JudgedPicture
from paper2run.model.image import SOURCE_FOLDER
from paper2run.model.value import Source
from tasks.claim_image import ClaimImage, Ran
from tasks.drivers.host.pictures import Pair

MIN_S: Final = 5.0
"""A command that gets less time than this is left out."""
RUNS: Final = 3
"""Of a command that gives another number than is stated: the number may differ from run to run."""
SLOWER: Final = 1.5
"""A further run may take so much longer than the first; without that time there is none."""
LAST_LINES: Final = 20
"""Of a log, in which an error may name a file."""
MAX_OF_FILES: Final = 400
"""Numbers of the files that one command writes."""


class Told(NamedTuple):
    """What a command's runs say of the numbers and pictures that authors state."""

    run: ClaimRun
    claims: list[JudgedClaim]
    pictures: list[tuple[JudgedPicture, Pair | None]]
    """Each with what is still to be compared; None where nothing is."""
    printed: str
    """The output, and the text of the files that it wrote; empty where it failed."""


class Command:
    """One command, its runs within its time, and what they say."""

    def __init__(
        self, image: ClaimImage, stated: Stated, name: str, left_s: float, log: Path
    ) -> None:
        self._image = image
        self._stated = stated
        self._name = name
        self._end = time.monotonic() + left_s
        self._log = log
        self._line = stated.commands[name]
        self._figures = stated.figures.get(name, [])
        self._is_other = False
        self._missing: Sequence[str] = ()
        self._runs: list[Ran] = []
        self._wrote: list[str] = []

    def told(self, of_it: Sequence[Claim]) -> Told:
        """Run the command, and return what it says of its claims and of the files that it writes."""
        self._run_first()
        self._wrote = wrote = self._results()
        found = [self._judged(claim, self._runs[0]) for claim in of_it]
        of_files = (
            self._stated.marked(claim)
            for path in wrote
            if not path.endswith(pictures.ENDINGS)
            for claim in file_claims(path, self._image.tree.text(path), self._name)
        )
        found += [self._judged(one, self._runs[-1]) for one in islice(of_files, MAX_OF_FILES)]
        drawn = [*self._drawn(), *self._written(wrote)]
        if any(one.verdict == "differs" for one in found):
            while len(self._runs) < RUNS and self._run_again():
                continue
            found = [with_spread(one, self._in_all(one.claim)) for one in found]
        is_notebook = self._name in self._stated.figures
        run = self._runs[0].run.changed(
            command=self._name,
            as_stored=self._is_other and is_notebook,
            behind_others=self._is_other and not is_notebook,
            times=len(self._runs),
            wrote=tuple(wrote),
        )
        printed = self._printed(self._runs[0]) if run.passed else ""
        return Told(run, found, drawn, printed)

    def _run_first(self) -> None:
        """Run it once; one that fails also behind others or in another order, of which the better one counts."""
        also = [figure.path for figure in self._figures]
        first = self._image.run(self._line, self._end - time.monotonic(), self._log, also)
        other, limit_s = self._stated.otherwise.get(self._name), self._end - time.monotonic()
        if not first.run.passed and other is not None and limit_s > MIN_S:
            second = self._image.run(other, limit_s, self._place("otherwise"), also)
            if _reached(second) > _reached(first):
                self._line, self._is_other, first = other, True, second
        self._runs = [first]

    def _run_again(self) -> bool:
        """Run it once more, without the files of `_missing`; False where it failed before or time is short."""
        first, limit_s = self._runs[0].run, self._end - time.monotonic()
        if not first.passed or limit_s < max(first.seconds * SLOWER, MIN_S):
            return False
        line = _without(self._missing, self._line)
        self._runs.append(self._image.run(line, limit_s, self._place(len(self._runs) + 1)))
        return True

    def _place(self, which: object) -> Path:
        return self._log.with_name(f"{self._log.stem}_{which}.log")

    def _results(self) -> list[str]:
        """Return the files of the checkout that it writes where they are missing.

        One that exists already may be one that it reads and completes.
        """
        self._missing = [path for path in self._runs[0].files if path in self._image.files]
        while self._missing and self._run_again() and len(self._runs) < RUNS:
            if self._runs[-1].run.passed:
                break
            self._missing = _not_needed(self._runs[-1], self._missing)
        last = self._runs[-1]
        if len(self._runs) == 1 or not last.run.passed:
            return []
        return [path for path in last.files if path in self._missing]

    def _judged(self, claim: Claim, ran: Ran) -> JudgedClaim:
        """Return the claim's verdict; `not-run` where the command failed before it printed the number."""
        if claim.form == "file":
            path = claim.source.path
            text = self._image.text_of(ran, path)
            return judged(claim, lines_of(path, text), _sha256(ran.files[path]))
        if claim.form in ("example", "cell"):
            answers = read_answer(ran.output)
            one = answers.get(claim.cell or claim.source.line)
            if one is None or one.error:
                why = f"its {claim.form} failed: {one.error}" if one else _ended(answers, ran)
                return JudgedClaim(claim=claim, verdict="not-run", need=why[:300])
            return judged(claim, one.output, ran.run.log_digest)
        output = self._printed(ran) if claim.form in STATED else ran.output
        found = judged(claim, output, ran.run.log_digest)
        if found.verdict == "not-found" and not ran.run.passed:
            return found.changed(verdict="not-run", need=ran.why_not)
        return found

    def _printed(self, ran: Ran) -> str:
        """Return what a run printed, and the texts of the result files that it wrote, new ones too."""
        new = [path for path in ran.files if path not in self._image.tree.files]
        texts = [
            of_file(path, self._image.text_of(ran, path))
            for path in (*self._wrote, *new)
            if path in ran.files and not path.endswith(pictures.ENDINGS)
        ]
        return "".join((ran.output, *texts))

    def _in_all(self, claim: Claim) -> list[JudgedClaim]:
        """Return what the runs that passed say; of a file's claim those in which it was missing before."""
        told = self._runs if claim.form != "file" else self._runs[1:]
        return [
            self._judged(claim, one)
            for one in told
            if one.run.passed and (claim.form != "file" or claim.source.path in one.files)
        ]

    def _drawn(self) -> Iterator[tuple[JudgedPicture, Pair | None]]:
        """Yield the pictures that a notebook keeps, each with what its cell drew."""
        ran, book = self._runs[0], self._name.removeprefix("notebook ")
        reached = read_answer(ran.output)
        for figure in self._figures:
            place = f"cell {figure.cell}"
            drawn = ran.files.get(figure.path)
            came = figure.cell in reached and not reached[figure.cell].error
            picture = JudgedPicture(
                label=place,
                command=self._name,
                source=Source(kind="file", path=book, note=place),
                verdict="not-found" if came else "not-run",
                stored_digest=_sha256(figure.content),
                need="" if came else _ended(reached, ran)[:300],
            )
            yield _with_pair(picture, figure.content, drawn)

    def _written(self, wrote: Iterable[str]) -> Iterator[tuple[JudgedPicture, Pair | None]]:
        """Yield the pictures of the checkout that the command writes."""
        for path in wrote:
            if path.endswith(pictures.ENDINGS):
                stored = (self._image.tree.root / path).read_bytes()
                picture = JudgedPicture(
                    label=path,
                    command=self._name,
                    source=Source(kind="file", path=path),
                    verdict="not-found",
                    stored_digest=_sha256(stored),
                )
                yield _with_pair(picture, stored, self._runs[-1].files[path])


def _sha256(content: bytes) -> str:
    """Return the first 16 hex digits of what `sha256sum` prints."""
    return hashlib.sha256(content).hexdigest()[:16]


def _with_pair(
    picture: JudgedPicture, stored: bytes, obtained: bytes | None
) -> tuple[JudgedPicture, Pair | None]:
    if obtained is None:
        return picture, None
    return picture.changed(obtained_digest=_sha256(obtained)), Pair(stored, obtained)


def _ended(answers: Mapping[int, Printed], ran: Ran) -> str:
    """Return why a cell or an example was not reached."""
    number = [*answers][-1] if answers else 0
    error = answers[number].error if answers else ""
    return f"number {number} failed before it: {error}" if error else ran.why_not


def _reached(ran: Ran) -> tuple[bool, int]:
    """Return whether a notebook's run passed, and how many of its cells it reached."""
    return ran.run.passed, len(read_answer(ran.output))


def _not_needed(failed: Ran, missing: Sequence[str]) -> list[str]:
    """Return what may be missing, of the files without which a command fails.

    Those that its error does not name; where it names none of them, those that it had written.
    """
    said = "\n".join(failed.output.splitlines()[-LAST_LINES:])
    left = [path for path in missing if PurePosixPath(path).name not in said]
    return left if len(left) < len(missing) else [one for one in missing if one in failed.files]


def _without(files: Iterable[str], line: str) -> str:
    """Return a line of shell that runs `line` where the files are missing."""
    paths = [str(PurePosixPath(SOURCE_FOLDER) / path) for path in files]
    if not paths:
        return line
    return f"{shlex.join(['rm', '-f', '--', *paths])} && {{ {line}\n}}"
