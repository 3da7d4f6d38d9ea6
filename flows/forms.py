"""The form of a deployment: the signature's fields in groups, and what must be given of them.

`prefect deploy` takes the signature alone; `paper2run deploy` and `paper2run serve` register this.
"""

from typing import Any, Final

from prefect.utilities.callables import ParameterSchema
from pydantic import ConfigDict

from flows.options import panel_of

NEEDED: Final[dict[str, Any]] = {
    "if": {"properties": {"paper": {"const": ""}}},
    "then": {"required": ["repo"], "properties": {"repo": {"minLength": 1}}},
}
"""Without a paper there must be a repository. Not `anyOf`: for a deployment's own parameters, which may lack both,
Prefect 3.8 leaves out what is required, but not inside a list."""


class Form(ParameterSchema):
    """A schema that may say of all parameters together what they must be."""

    model_config = ConfigDict(extra="allow")


def form(read: ParameterSchema) -> Form:
    """Return the schema with the group of each field in its title; parameters keep their names."""
    fields = {
        name: {**field, "title": f"{panel}: {name}" if (panel := panel_of(name)) else name}
        for name, field in read.properties.items()
    }
    needed = NEEDED if {"repo", "paper"} <= fields.keys() else {}
    return Form(**{**read.model_dump(exclude_unset=True), "properties": fields, **needed})
