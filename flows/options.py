"""Gives a function a signature made from a request's fields: Typer's flags, Prefect's parameters.

The function itself takes them as keywords. Only its signature is replaced, so that Prefect still
finds its file.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

import typer

from paper2run.request import Option, RunOptions, options_of

F = TypeVar("F", bound=Callable[..., Any])
TYPES: Final[Mapping[str, type]] = {"boolean": bool, "integer": int, "number": float, "string": str}
"""Of the command line, by the type of JSON."""
ShowTraceback = Annotated[bool, typer.Option("--traceback", help="Show tracebacks.")]


def flags_of(model: type[RunOptions], *, without: Collection[str] = ()) -> Callable[[F], F]:
    """Return a decorator that gives a command the model's fields as flags, before its own flags."""

    def decorate(command: F) -> F:
        own = inspect.signature(command).parameters.values()
        options = (_flag(option) for option in options_of(model) if option.name not in without)
        return _signed(
            command, (*options, *(each for each in own if each.kind != each.VAR_KEYWORD))
        )

    return decorate


def form_of(model: type[RunOptions]) -> Callable[[F], F]:
    """Return a decorator that gives a flow the model's fields as parameters, with what they mean.

    Prefect 3.8 takes a form's descriptions from a section of the docstring alone.
    """

    def decorate(function: F) -> F:
        options = options_of(model)
        lines = [f"    {option.name}: {_description(option)}" for option in options]
        function.__doc__ = "\n".join([inspect.getdoc(function) or "", "", "Args:", *lines])
        return _signed(function, map(_parameter, options))

    return decorate


def _flag(option: Option) -> inspect.Parameter:
    taken: Any = Literal[option.offered] if option.offered else TYPES[option.schema["type"]]
    if option.field.is_required():
        return _named(option, Annotated[taken, typer.Argument(help=option.words)])
    flag = typer.Option(
        option.flag,
        help=option.words,
        min=option.schema.get("minimum"),
        max=option.schema.get("maximum"),
        metavar=f"<{'|'.join(filter(None, option.offered))}>" if option.offered else None,
        show_default=option.unset if option.is_empty else bool(option.unset),
    )
    return _named(option, Annotated[taken | None if option.field.default is None else taken, flag])


def _parameter(option: Option) -> inspect.Parameter:
    field = option.field
    bounds = (field.annotation, *field.metadata)
    return _named(option, Annotated[bounds] if field.metadata else field.annotation)


def _description(option: Option) -> str:
    return f"{option.words} Empty: {option.unset}." if option.is_empty else option.words


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
