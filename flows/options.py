"""Gives a function a signature made from a request's fields: Typer's flags, Prefect's parameters.

The function itself takes them as keywords. Only its signature is replaced, so that Prefect still
finds its file.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Annotated, Any, Final, TypeVar

import typer

from paper2run.model.durations import seconds
from paper2run.request import Option, Plain, RunOptions, options_of

F = TypeVar("F", bound=Callable[..., Any])
TYPES: Final[Mapping[str, type]] = {"boolean": bool, "integer": int, "number": float, "string": str}
"""Of the command line, by the type of JSON."""
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on stdout; words go to stderr.")
]
ShowTraceback = Annotated[bool, typer.Option("--traceback", help="Show tracebacks.")]


PANELS: Final[Mapping[str, tuple[str, ...]]] = {
    "How far and how long": (
        "timeout", "max_attempts", "max_candidates", "time_limit", "claims_timeout", "target", "jobs",
    ),
    "Way of working": (
        "dry_run", "no_cache", "remove_images", "resume", "only_failed", "keep_going", "compare", "workers",
    ),
    "Model": ("planner", "model", "base_url", "max_tokens", "max_cost_usd", "max_model_seconds"),
}  # fmt: skip
"""Options by heading of the help, in its order and the form's; the others come first, under none."""


def _duration(option: Option) -> Callable[[str], int]:
    """Return what reads the option's seconds, or a number with its unit: `15m`."""
    least, most = option.schema["minimum"], option.schema["maximum"]

    def read(given: str) -> int:
        found = seconds(given)
        if isinstance(found, str) and found.isdecimal():
            found = int(found)
        if not isinstance(found, int) or not least <= found <= most:
            raise typer.BadParameter(
                f"{given!r}: write {least} to {most} seconds, such as 900, or a duration such as 15m or 2h"
            )
        return found

    return read


def _choice(option: Option) -> Callable[[str], str]:
    """Return what reads one of the option's words; empty where the flag is not given."""

    def read(given: str) -> str:
        if given not in option.offered:
            raise typer.BadParameter(f"{given!r}: write {' or '.join(_named_choices(option))}")
        return given

    return read


def _named_choices(option: Option) -> list[str]:
    """Return the words that a person can write; empty means that the flag is not given."""
    return [word for word in option.offered if word]


def flags_of(model: type[RunOptions], *, without: Collection[str] = ()) -> Callable[[F], F]:
    """Return a decorator that gives a command the model's fields as flags, before its own flags."""

    def decorate(command: F) -> F:
        own = inspect.signature(command).parameters.values()
        wanted = (option for option in options_of(model) if option.name not in without)
        options = [_flag(option) for option in sorted(wanted, key=_place)]
        return _signed(
            command, (*options, *(each for each in own if each.kind != each.VAR_KEYWORD))
        )

    return decorate


def form_of(model: type[RunOptions]) -> Callable[[F], F]:
    """Return a decorator that gives a flow the model's fields as parameters, with what they mean.

    Prefect 3.8 takes a form's descriptions from a section of the docstring alone. The form is flat: the names of its
    parameters are what `prefect deployment run -p` takes, and a group of them would be one parameter, in a box that
    does not fold.
    """

    def decorate(function: F) -> F:
        options = sorted(options_of(model), key=_place)
        lines = [f"    {option.name}: {_description(option)}" for option in options]
        function.__doc__ = "\n".join([inspect.getdoc(function) or "", "", "Args:", *lines])
        return _signed(function, map(_parameter, options))

    return decorate


def panel_of(name: str) -> str | None:
    """Return the heading that the option of that name stands under, if any."""
    return next((panel for panel, names in PANELS.items() if name in names), None)


def _place(option: Option) -> int:
    in_panels = [name for names in PANELS.values() for name in names]
    return in_panels.index(option.name) + 1 if option.name in in_panels else 0


def _flag(option: Option) -> inspect.Parameter:
    taken: Any = TYPES[option.schema["type"]]
    if option.field.is_required():
        return _named(option, Annotated[taken, typer.Argument(help=option.words)])
    reading: dict[str, Any] = {
        "min": option.schema.get("minimum"),
        "max": option.schema.get("maximum"),
    }
    if option.is_duration:
        reading = {"parser": _duration(option)}
    elif option.offered:
        reading = {"parser": _choice(option), "autocompletion": lambda: _named_choices(option)}
    flag = typer.Option(
        option.flag,
        help=option.written,
        **reading,
        rich_help_panel=panel_of(option.name),
        metavar=_metavar(option),
        show_default=option.unset if option.is_empty else bool(option.unset),
    )
    return _named(option, Annotated[taken | None if option.field.default is None else taken, flag])


def _metavar(option: Option) -> str | None:
    if option.offered:
        return f"<{'|'.join(_named_choices(option))}>"
    return "<seconds>" if option.is_duration else None


def _parameter(option: Option) -> inspect.Parameter:
    field = option.field
    return _named(option, Annotated[(field.annotation, *field.metadata, Plain(option.schema))])


def _description(option: Option) -> str:
    # The default UI of Prefect 3.8 shows Markdown as it is written.
    words = option.words.replace("`", '"')
    return f"{words} Empty: {option.unset}." if option.is_empty else words


def _named(option: Option, hint: Any) -> inspect.Parameter:
    default = inspect.Parameter.empty if option.field.is_required() else option.field.default
    return inspect.Parameter(
        option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint
    )


def _signed(function: F, parameters: Iterable[inspect.Parameter]) -> F:
    signature = inspect.signature(function).replace(parameters=[*parameters])
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__annotations__ = {
        **{name: each.annotation for name, each in signature.parameters.items()},
        "return": signature.return_annotation,
    }
    return function
