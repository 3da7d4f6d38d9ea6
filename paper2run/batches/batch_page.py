"""Renders a batch for people and programs: `batch.html`, CSV, JUnit XML and a Markdown summary."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import Final, NamedTuple, get_args
from urllib.parse import quote
from xml.etree import ElementTree

from jinja2 import Environment, StrictUndefined, Template

from paper2run.batches.rows import Batch, BatchRow, RowStatus
from paper2run.formats.plurals import counted
from paper2run.formats.time_words import in_time
from paper2run.model.claims import ClaimCounts
from paper2run.model.grade import GRADES
from paper2run.source import shown_address, web_page
from paper2run.text_gate import cell, csv_cell, prose
from paper2run.verdicts.claims_page import in_words
from paper2run.verdicts.headlines import HEADLINES, SHOWN
from paper2run.verdicts.junit import as_document, xml_text
from paper2run.verdicts.page_text import block, shown, spans

WORDS: Final[dict[str, str]] = {
    **HEADLINES,
    "waiting": "Not started yet",
    "running": "Running",
    "interrupted": "Interrupted from outside; --resume runs it again",
}
"""By status."""
COLUMNS: Final = (
    "repository", "ref", "commit", "verdict", "grade", "covers", "cause", "rung", "attempts", "seconds", "size_bytes",
    "tokens", "cost_usd", "model_seconds", "language", "reason", "error", "about", "wanted_by", "smallest_change",
    "image", "folder", "flow_run_id", "flow_run_url", "line", "before", "change", "claims_stated", "claims_reproduced",
    "claims_close", "claims_differing", "claims_not_found", "claims_not_run", "pictures", "pictures_alike",
)  # fmt: skip
COMMITTEE: Final = "#committee"
"""The part of a report that answers the questions of an artifact evaluation committee."""
REFRESH_S: Final = 10
"""The page of a running batch reloads itself."""


class Share(NamedTuple):
    """One part of a chart."""

    name: str
    words: str
    rows: int
    percent: float


def flow_run_url(batch: Batch, flow_run_id: str) -> str:
    """Return the page of a flow run in the Prefect UI; empty if there is none."""
    return f"{batch.ui}/runs/flow-run/{flow_run_id}" if batch.ui and flow_run_id else ""


def as_csv(batch: Batch) -> str:
    """Return one row per repository, under the user's own columns and `COLUMNS`.

    No text in it is a formula to a spreadsheet. An own column with a name of ours is called `own_NAME`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    own = own_columns(batch.rows)
    writer.writerow(
        (*(csv_cell(f"own_{name}" if name in COLUMNS else name) for name in own), *COLUMNS)
    )
    for row in batch.rows:
        writer.writerow(
            (
                *(csv_cell(row.own.get(name, "")) for name in own),
                csv_cell(shown_address(row.entry.repo)), csv_cell(row.entry.ref), row.commit, row.status, row.grade,
                csv_cell(row.covers), row.cause or "", row.rung, row.attempts,
                f"{row.seconds:.1f}", row.image_size_bytes, row.tokens,
                "" if row.cost_usd is None else f"{row.cost_usd:.6f}", f"{row.model_seconds:.1f}",
                csv_cell(row.language), csv_cell(row.reason),
                *map(csv_cell, _chain(row)),
                csv_cell(row.smallest_change), csv_cell(row.image), csv_cell(row.folder), csv_cell(row.flow_run_id),
                csv_cell(flow_run_url(batch, row.flow_run_id)), row.line, row.before or "", row.change,
                *(row.claims.model_dump().values() if row.claims else [""] * len(ClaimCounts.model_fields)),
            )
        )  # fmt: skip
    return text.getvalue()


def own_columns(rows: Sequence[BatchRow]) -> list[str]:
    """Return the names of the user's own columns, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row.own))


def as_markdown(batch: Batch, folder: PurePath) -> str:
    """Return the batch as a summary for a forge's job page: the counts, and a row per repository.

    It is to lie in `folder`: reports below it are linked relative to it.
    """
    counts = ", ".join(f"{count} {status}" for status, count in batch.totals.items())
    lines = [
        f"# {prose(batch.name)}: {counted(len(batch.rows), 'repository')}",
        "",
        counts or "nothing yet",
        "",
        "| repository | verdict | shown | cause | first error or reason | for a committee |",
        "|---|---|---|---|---|---|",
    ]
    if numbers := claims_of(batch.rows):
        lines[4:4] = [f"{in_words(numbers)}.", ""]
    for row in batch.rows:
        why = row.blame.error if row.blame and row.status != "success" else row.reason
        grade = row.grade if row.grade != "none" else ""
        cells = (f"{row.title} {row.entry.ref}".strip(), row.status, grade, row.cause or "", why)
        url = _report_url(row, folder)
        answers = f"[answers]({url}{COMMITTEE})" if url.endswith(".html") else ""
        lines.append(f"| {' | '.join(map(cell, cells))} | {answers} |")
    return "\n".join(lines) + "\n"


def as_junit(batch: Batch) -> str:
    """Return the batch as a JUnit report, which forges and build servers show: a test case per repository."""
    suite = ElementTree.Element(
        "testsuite", name=xml_text(batch.name), timestamp=batch.started_at.isoformat()
    )
    counts = Counter(_junit(row) for row in batch.rows)
    suite.set("tests", str(len(batch.rows)))
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("skipped", str(counts["skipped"]))
    suite.set("time", f"{sum(row.seconds for row in batch.rows):.1f}")
    for row in batch.rows:
        name = f"{row.title} {row.entry.ref}".strip()
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=xml_text(batch.name),
            name=xml_text(name),
            time=f"{row.seconds:.1f}",
        )
        if row.own:
            properties = ElementTree.SubElement(case, "properties")
            for column, cell in row.own.items():
                ElementTree.SubElement(
                    properties, "property", name=xml_text(column), value=xml_text(cell)
                )
        if kind := _junit(row):
            about = f"{row.status} ({row.cause})" if row.cause else row.status
            found = ElementTree.SubElement(case, kind, type=about, message=xml_text(row.reason))
            if row.blame:
                found.text = xml_text(row.blame.error)
    ElementTree.indent(suite)
    return as_document(suite)


def _junit(row: BatchRow) -> str:
    """Return the element that says how the row ended; empty for a success."""
    if row.status in ("success", "planned"):
        return ""
    if row.status in ("waiting", "running"):
        return "skipped"
    return "failure" if row.has_verdict else "error"


def _chain(row: BatchRow) -> tuple[str, str, str]:
    """Return the first error, what it is about, and who wanted that; empty texts where nothing failed."""
    if row.blame is None:
        return "", "", ""
    return row.blame.error, row.blame.about, row.blame.wanted_by


@cache
def _template() -> Template:
    # A batch writes its page anew all the time.
    source = resources.files("paper2run").joinpath("batches", "batch.html.jinja").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=shown)
    environment.filters.update(duration=in_time, block=block, spans=spans)
    return environment.from_string(source)


def as_page(batch: Batch, folder: PurePath) -> str:
    """Return `batch.html`, to lie in `folder`: run folders below it are linked relative to it."""
    ended = all(row.has_ended for row in batch.rows)
    grades = _shares(
        batch.rows, [row.grade for row in batch.rows if row.grade != "none"], GRADES[::-1]
    )
    return _template().render(
        batch=batch,
        rows=batch.rows,
        ended=ended,
        refresh_s=REFRESH_S,
        verdicts=_shares(batch.rows, [row.status for row in batch.rows], get_args(RowStatus)),
        causes=_shares(batch.rows, [row.cause for row in batch.rows if row.cause]),
        words=WORDS,
        counted=counted,
        grades=grades,
        most_shown=max((part.rows for part in grades), default=0),
        shown=SHOWN,
        changes=_shares(batch.rows, [row.change for row in batch.rows if row.change]),
        compared=any(row.before for row in batch.rows),
        running=[row for row in batch.rows if row.status == "running"],
        left_s=left_seconds(batch),
        numbers=claims_of(batch.rows),
        claims_in_words=in_words,
        seconds=sum(row.seconds for row in batch.rows),
        tokens=sum(row.tokens for row in batch.rows),
        cost=_cost(batch.rows),
        run_url=lambda flow_run_id: flow_run_url(batch, flow_run_id),
        report_url=lambda row: _report_url(row, folder),
        committee=COMMITTEE,
        page_url=web_page,
        shown_address=shown_address,
    )


def claims_of(rows: Sequence[BatchRow]) -> ClaimCounts | None:
    """Return what became of the numbers that the authors of all rows state; None where none were compared."""
    compared = [row.claims for row in rows if row.claims is not None]
    return sum(compared, ClaimCounts()) if compared else None


def left_seconds(batch: Batch) -> float | None:
    """Return how long the rows that are left will take, by the mean of those that ended; None if none did."""
    taken = [row.seconds for row in batch.rows if row.has_ended and row.seconds]
    left = sum(not row.has_ended for row in batch.rows)
    if not taken or not left:
        return None
    return sum(taken) / len(taken) * left / min(batch.jobs, left)


def _shares(
    rows: Sequence[BatchRow], values: Sequence[str], order: Sequence[str] = ()
) -> list[Share]:
    """Return how often each value occurs, in the given order or most frequent first; percent of all rows."""
    counted = Counter(values)
    names = [name for name in order if counted[name]] or sorted(
        counted, key=lambda name: (-counted[name], name)
    )
    return [
        Share(name, WORDS.get(name, name), counted[name], round(100 * counted[name] / len(rows), 3))
        for name in names
    ]


def _cost(rows: Sequence[BatchRow]) -> str:
    """Return the sum of all known prices, marked if one is unknown."""
    known = sum(row.cost_usd or 0.0 for row in rows)
    unknown = any(row.cost_usd is None for row in rows)
    return f"${known:.2f}" + (" and more: no price is known for some calls" if unknown else "")


def _report_url(row: BatchRow, folder: PurePath) -> str:
    """Return the address of the run's report; of its folder if there is no report; empty without a folder."""
    # A folder of another machine, on the store: a browser cannot open it.
    if not row.folder or "://" in row.folder:
        return ""
    path = PurePath(row.folder)
    inside = path.is_relative_to(folder)
    place = quote(path.relative_to(folder).as_posix() if inside else path.as_uri(), safe="/:%")
    return f"{place}/report.html" if row.has_verdict or row.status == "preflight-failed" else place
