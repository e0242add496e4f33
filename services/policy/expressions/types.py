"""The types that expressions have, read from the pydantic models that they look at."""

import types
import typing
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import AwareDatetime, BaseModel


@dataclass(frozen=True)
class Type:
    """``kind``: string, int, double, bool, null, timestamp, list, record, any.

    ``values`` are the only strings there are, for a string from an enumeration; ``nullable`` may be null.
    """

    kind: str
    element: "Type | None" = None
    fields: "tuple[tuple[str, Type], ...]" = ()
    values: tuple[str, ...] = ()
    nullable: bool = False

    def field(self, name: str) -> "Type | None":
        return next((found for known, found in self.fields if known == name), None)

    @property
    def shown(self) -> str:
        if self.kind == "list" and self.element is not None:
            return f"list of {self.element.shown}"
        return self.kind

    @property
    def described(self) -> str:
        """With its article, for a sentence."""
        return f"an {self.shown}" if self.shown[0] in "aeiou" else f"a {self.shown}"


ANY = Type("any")
STRING = Type("string")
INT = Type("int")
DOUBLE = Type("double")
BOOL = Type("bool")
NULL = Type("null")
TIMESTAMP = Type("timestamp")
NUMBERS = frozenset({"int", "double"})


def list_of(element: Type) -> Type:
    return Type("list", element=element)


@cache
def record_of(model: type[BaseModel]) -> Type:
    """The record type of a model: its fields, by name."""
    return Type(
        "record",
        fields=tuple((name, type_of(field.annotation)) for name, field in model.model_fields.items()),
    )


def type_of(annotation: Any) -> Type:
    """The expression type of a field annotation.

    Raises:
        TypeError: for an annotation that rules could not read; a fault of the model, found by its tests.
    """
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_of(arguments[0])
    if origin in {typing.Union, types.UnionType}:
        present = [argument for argument in arguments if argument is not type(None)]
        if len(present) == 1:
            return replace(type_of(present[0]), nullable=len(present) < len(arguments))
    if origin is tuple:
        return list_of(type_of(arguments[0]))
    if isinstance(annotation, type):
        return _plain(annotation)
    raise TypeError(f"rules cannot read {annotation!r}")


def _plain(annotation: type) -> Type:
    if annotation is AwareDatetime:
        return TIMESTAMP
    if issubclass(annotation, BaseModel):
        return record_of(annotation)
    if issubclass(annotation, StrEnum):
        return Type("string", values=tuple(member.value for member in annotation))
    for python, found in ((bool, BOOL), (str, STRING), (int, INT), (float, DOUBLE), (datetime, TIMESTAMP)):
        if issubclass(annotation, python):
            return found
    raise TypeError(f"rules cannot read {annotation!r}")
