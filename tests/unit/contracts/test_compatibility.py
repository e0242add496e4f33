"""What counts as an incompatible change of a schema, and what does not."""

from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from shared.contracts.breaches import Breach
from shared.contracts.compatibility import incompatibilities, incompatible_events


def event(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def found(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Breach]]:
    return [(fault.path, fault.breach) for fault in incompatibilities(old, new)]


def test_the_same_schema_is_compatible_with_itself() -> None:
    schema = event(a={"type": "string", "maxLength": 3}, b={"anyOf": [{"type": "integer"}, {"type": "null"}]})
    assert found(schema, schema) == []


def test_a_new_optional_field_is_compatible() -> None:
    assert found(event(a={"type": "string"}), event(a={"type": "string"}, b={"type": "string"})) == []


def test_a_removed_field_is_not() -> None:
    old = event(a=event(b={"type": "string"}, c={"type": "string"}))
    assert found(old, event(a=event(b={"type": "string"}))) == [("a.c", Breach.FIELD_REMOVED)]


def test_a_newly_required_field_is_not_whether_it_is_new_or_was_optional() -> None:
    old = event(a={"type": "string"})
    new = event(a={"type": "string"}, b={"type": "string"}) | {"required": ["a", "b"]}
    assert found(old, new) == [("a", Breach.NEWLY_REQUIRED), ("b", Breach.NEWLY_REQUIRED)]


def test_a_field_that_need_no_longer_be_there_is_compatible() -> None:
    old = event(a={"type": "string"}) | {"required": ["a"]}
    assert found(old, event(a={"type": "string"})) == []


@pytest.mark.parametrize(
    ("old", "new", "breach"),
    [
        ({"type": "string"}, {"type": "integer"}, Breach.TYPE_NARROWED),
        ({"type": "number"}, {"type": "integer"}, Breach.TYPE_NARROWED),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string"}, Breach.TYPE_NARROWED),
        ({"type": ["string", "null"]}, {"type": "string"}, Breach.TYPE_NARROWED),
        ({}, {"type": "string"}, Breach.TYPE_NARROWED),
        ({"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["a"]}, Breach.VALUES_NARROWED),
        ({"type": "string"}, {"type": "string", "enum": ["a"]}, Breach.VALUES_NARROWED),
        ({"type": "string", "enum": ["a", "b"]}, {"type": "string", "const": "a"}, Breach.VALUES_NARROWED),
        ({"type": "string"}, {"type": "string", "pattern": "^a"}, Breach.PATTERN_NARROWED),
        ({"type": "string", "pattern": "^b"}, {"type": "string", "pattern": "^a"}, Breach.PATTERN_NARROWED),
        ({"type": "string"}, {"type": "string", "format": "date"}, Breach.PATTERN_NARROWED),
        ({"type": "string"}, {"type": "string", "minLength": 1}, Breach.LIMIT_NARROWED),
        ({"type": "string", "maxLength": 9}, {"type": "string", "maxLength": 8}, Breach.LIMIT_NARROWED),
        ({"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1}, Breach.LIMIT_NARROWED),
        ({"type": "number", "minimum": 0}, {"type": "number", "exclusiveMinimum": 0}, Breach.LIMIT_NARROWED),
        ({"type": "number", "maximum": 1}, {"type": "number", "exclusiveMaximum": 1}, Breach.LIMIT_NARROWED),
        ({"type": "number"}, {"type": "number", "maximum": 1}, Breach.LIMIT_NARROWED),
        ({"type": "array"}, {"type": "array", "maxItems": 3}, Breach.LIMIT_NARROWED),
        ({"type": "array"}, {"type": "array", "uniqueItems": True}, Breach.LIMIT_NARROWED),
    ],
)
def test_a_narrowed_field_is_not_compatible(old: dict[str, Any], new: dict[str, Any], breach: Breach) -> None:
    assert found(event(a=old), event(a=new)) == [("a", breach)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"type": "string"}, {}),
        ({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"type": "string", "const": "a"}, {"type": "string", "enum": ["a", "b"]}),
        ({"type": "string", "pattern": "^a"}, {"type": "string"}),
        ({"type": "string", "maxLength": 8}, {"type": "string", "maxLength": 9}),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "minimum": 0}),
        ({"type": "number", "minimum": 1}, {"type": "number", "exclusiveMinimum": 0}),
        ({"type": "string", "description": "old words"}, {"type": "string", "description": "new words"}),
    ],
)
def test_a_widened_field_is_compatible(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert found(event(a=old), event(a=new)) == []


def test_items_of_lists_and_values_of_maps_are_looked_into() -> None:
    old = event(many={"type": "array", "items": {"type": "number"}}, by_name={"type": "object"})
    new = event(
        many={"type": "array", "items": {"type": "number", "minimum": 0}},
        by_name={"type": "object", "additionalProperties": {"type": "string"}},
    )
    assert found(old, new) == [
        ("many[]", Breach.LIMIT_NARROWED),
        ("by_name{}", Breach.TYPE_NARROWED),
    ]


def test_an_object_that_no_longer_takes_further_fields_is_narrowed() -> None:
    assert found(event(), event() | {"additionalProperties": False}) == [("${}", Breach.TYPE_NARROWED)]


def test_the_detail_says_what_was_and_what_is() -> None:
    old, new = event(a={"type": "string", "maxLength": 9}), event(a={"type": "string", "maxLength": 8})
    assert str(incompatibilities(old, new)[0]) == "a: limit narrowed: maxLength 9 became maxLength 8"


def test_an_event_that_is_gone_is_named_and_a_new_one_is_welcome() -> None:
    breaches = incompatible_events({"a.v1": event()}, {"b.v1": event()})
    assert {name: [fault.breach for fault in faults] for name, faults in breaches.items()} == {
        "a.v1": [Breach.EVENT_REMOVED]
    }


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Only(StrEnum):
    RED = "red"


class Part(BaseModel):
    colour: Colour
    size: float | None = None


class NarrowPart(BaseModel):
    colour: Only
    size: Annotated[float, Field(ge=0)] | None = None


class Tree(BaseModel):
    part: Part
    branches: "tuple[Tree, ...]" = ()


class NarrowTree(BaseModel):
    part: NarrowPart
    branches: "tuple[NarrowTree, ...]" = ()


def test_what_pydantic_writes_is_understood_through_references_and_recursion() -> None:
    old, new = Tree.model_json_schema(), NarrowTree.model_json_schema()
    assert found(old, old) == []
    assert found(new, old) == []
    assert found(old, new) == [
        ("part.colour", Breach.VALUES_NARROWED),
        ("part.size", Breach.LIMIT_NARROWED),
    ]
