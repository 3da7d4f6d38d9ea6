"""What a run or a batch was asked to do, and the settings that follow from it.

Each option is written here once: `options_of` gives its name, type, bounds, default and words to the command line, to
Prefect's form and to the docs. An option with the name of a setting is that setting for one run.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, NamedTuple

from dotenv import dotenv_values
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from paper2run.errors import UserError
from paper2run.model.durations import IN_SECONDS, DaySeconds, RunSeconds
from paper2run.model.plan_text import ShellCommand
from paper2run.model.usage import Dollars, Seconds, Tokens
from paper2run.model.value import Value
from paper2run.settings import (
    PREFIX,
    Builds,
    Candidates,
    PlannerChoice,
    Settings,
    Unset,
    unknown_variables,
    user_file,
)

DURATIONS: Final = "Or a duration, such as `15m`."
"""What command line, settings and batch files take beside seconds; a form has a field for a number."""


class RunOptions(Value):
    """What a run and a batch of runs can be asked for; empty or None means: as the settings say.

    A field without a text under it has the text, and the default, of the setting with its name.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    timeout: DaySeconds | None = None
    max_attempts: Builds | None = None
    max_candidates: Candidates | None = None
    time_limit: RunSeconds | None = None
    claims_timeout: DaySeconds | None = None
    planner: Literal["", PlannerChoice] = ""
    model: str = ""
    base_url: str = ""
    dry_run: bool = False
    """Plan and render only; no container."""
    target: Literal["smoke", "tests", "claims"] = "smoke"
    """How far to go; `tests` also runs the repository's tests and counts them, `claims` also compares the numbers that
    its authors state with what their commands print."""
    no_cache: bool = False
    """Ignore cached results and run every stage again."""
    remove_images: bool = False
    """Remove the run's images once its verdict is written; their layers stay in the build cache."""


class Request(RunOptions):
    """What one run was asked to do: the parameters of the flow `reproduce`."""

    repo: Annotated[str, Unset("the one that the paper names")] = ""
    """URL (https or ssh, any forge), folder, archive (.zip, .tar.gz), DOI of Zenodo, figshare or OSF, or SWHID.
    Needed unless a paper names it."""
    paper: Annotated[str, Unset("the repository's own")] = ""
    """Paper: a .pdf, .md or .markdown file, its URL, an arXiv number or a DOI. Alone, it must name the repository."""
    ref: Annotated[str, Unset("the default branch")] = ""
    """Branch, tag or commit."""
    smoke: Annotated[str, Unset("the planner's choice")] = ""
    """Shell command that shows that the image works: it must exit with status 0, or still run at the timeout."""
    out: str = ""
    max_tokens: Tokens | None = None
    max_cost_usd: Dollars | None = None
    max_model_seconds: Seconds | None = None


class BatchRequest(RunOptions):
    """What a batch was asked to do: the parameters of the flow `batch`."""

    file: str
    """Repositories: YAML, CSV, JSON Lines, or one address per line."""
    jobs: int = Field(2, ge=1)
    """Runs at a time; at most 2 with SQLite."""
    out: Annotated[str, Unset("batch-FILE below the folder of runs")] = ""
    """Folder of the batch; `%Y-%m-%d` in it is today."""
    resume: bool = False
    """Continue an earlier batch; repositories with a verdict are not rerun."""
    only_failed: bool = False
    """Continue an earlier batch, and rerun every repository that did not succeed."""
    keep_going: bool = False
    """Run the valid lines of a file that also has invalid ones."""
    compare: Annotated[str, Unset("no comparison")] = ""
    """Folder of an earlier batch: the page tells what was fixed since and what is newly broken."""
    workers: bool = False
    """Hand the runs to the workers of reproduce/default."""
    max_tokens: Annotated[Tokens | None, Unset("no limit")] = None
    """Tokens that the whole batch may spend on the model."""
    max_cost_usd: Annotated[Dollars | None, Unset("no limit")] = None
    """US dollars that the whole batch may spend on the model."""
    max_model_seconds: Annotated[Seconds | None, Unset("no limit")] = None
    """Seconds that the whole batch may wait for the model's answers, all its runs together."""

    @property
    def of_each_run(self) -> Request:
        """What is asked of every run of the batch."""
        return Request(**{name: getattr(self, name) for name in RunOptions.model_fields})


class _WithoutDefault(dict[str, Any]):
    """A JSON schema that takes no `default`, which pydantic sets last."""

    def __setitem__(self, key: str, value: object) -> None:
        if key != "default" or value is not None:
            super().__setitem__(key, value)


@dataclass(frozen=True)
class Plain:
    """In an annotation of a parameter: the schema of its values, None aside, which is what a form shows.

    Prefect 3.8 shows a union with null as two tabs, of which "None" is open. Its server takes null for every parameter
    that is not required and has no default, so a default of None is left out.
    """

    schema: Mapping[str, Any]

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        """Return the schema, in the place of the annotated type's."""
        return _WithoutDefault(self.schema)


class Option(NamedTuple):
    """One field of a request, as people are told of it."""

    name: str
    field: FieldInfo
    schema: Mapping[str, Any]
    """JSON schema of its values, None aside: `type`, `enum`, `minimum`, `maximum`."""
    words: str
    """What it means: one or two sentences."""
    unset: str
    """What holds where it is left out, in words; empty if it must be given, and where its default says it."""

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def is_empty(self) -> bool:
        """Whether its default is an empty value, which `unset` explains."""
        return self.field.default in (None, "")

    @property
    def is_duration(self) -> bool:
        """Whether it is a number of seconds, which people write as `15m` too."""
        return self.schema.get("unit") == "seconds"

    @property
    def offered(self) -> tuple[str, ...]:
        """Its values; empty if it takes any."""
        return tuple(self.schema.get("enum", ()))

    @property
    def written(self) -> str:
        """What it means to a person who writes the value as text."""
        return f"{self.words} {DURATIONS}" if self.is_duration else self.words


def options_of(model: type[RunOptions]) -> tuple[Option, ...]:
    """Return a request's options in the order of forms and help: its own, then those of all requests."""
    shapes = model.model_json_schema()["properties"]
    own = [name for name in model.model_fields if name not in RunOptions.model_fields]
    return tuple(
        Option(
            name,
            field := model.model_fields[name],
            shapes[name].get("anyOf", [shapes[name]])[0],
            words_of(field) or words_of(Settings.model_fields[name]),
            unset_of(field) or (unset_of(Settings.model_fields[name]) if _is_setting(name) else ""),
        )
        for name in (*own, *RunOptions.model_fields)
    )


def words_of(field: FieldInfo) -> str:
    """Return the text under a field, on one line; empty if there is none."""
    return " ".join((field.description or "").split())


def written(field: FieldInfo) -> str:
    """Return the text under a setting, with the form of durations where it takes them."""
    return (
        f"{words_of(field)} {DURATIONS}"
        if field.json_schema_extra == IN_SECONDS
        else words_of(field)
    )


def unset_of(field: FieldInfo) -> str:
    """Return the effect of leaving the field out: in words, else its default; empty if that is empty."""
    words = [each.words for each in field.metadata if isinstance(each, Unset)]
    if words:
        return words[0]
    shown = "" if field.is_required() or field.default in (None, "", False) else field.default
    return str(shown)


def settings_for(request: Request) -> Settings:
    """Return the settings overridden by the request's flags.

    UserError if a flag is out of range, or if a plan cannot hold the smoke command.
    """
    flags = {
        name: value for name, value in request if _is_setting(name) and value not in (None, "")
    }
    settings = read_settings(flags)
    if settings.planner == "model" and not settings.planner_model:
        raise UserError(
            "a model is to plan, but none is set",
            hint="set --model and its provider's key, or NVIDIA_API_KEY, or use --planner rules",
        )
    _need_plannable(request.smoke)
    return settings


def read_settings(flags: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings with the flags over them. UserError if one is out of its range or unknown."""
    _need_known_names()
    try:
        return Settings(**(flags or {}))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "a setting"
        raise UserError(
            f"{name}: {first['msg']}, got {first.get('input')!r}",
            hint=f"change --{name.replace('_', '-')} or PAPER2RUN_{name.upper()}",
        ) from None


def _need_known_names() -> None:
    """UserError if a variable of the environment or of the user's file has our prefix and sets nothing."""
    file = user_file()
    of_file = dotenv_values(file, interpolate=False) if file and file.is_file() else {}
    for name in unknown_variables({*os.environ, *of_file}):
        where = f"in {file}" if name not in os.environ else "in the environment"
        raise no_setting(name, where)


def no_setting(name: str, where: str) -> UserError:
    """Return the error of a variable that sets nothing, with the name that was probably meant."""
    near = get_close_matches(
        name.upper(), [PREFIX + field.upper() for field in Settings.model_fields], n=1
    )
    meant = f"did you mean {near[0]}? " if near else ""
    return UserError(
        f"{name} ({where}) is no setting",
        hint=f"{meant}docs/settings.md has all names; correct or unset it",
    )


def _is_setting(name: str) -> bool:
    return name in Settings.model_fields


def _need_plannable(smoke: str) -> None:
    """UserError if a plan cannot hold the user's command."""
    if not smoke:
        return
    try:
        TypeAdapter(ShellCommand).validate_python(smoke)
    except ValidationError as error:
        raise UserError(
            f"--smoke: {error.errors()[0]['msg'].removeprefix('Value error, ')}",
            hint="name a command that a plan may hold, or put it into a script of the repository",
        ) from None
