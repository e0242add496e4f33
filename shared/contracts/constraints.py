"""What two schemas of the same type allow: values, patterns, limits."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from shared.contracts.breaches import Breach, Incompatibility

Schema = Mapping[str, Any]


def values_narrowed(old: Schema, new: Schema, path: str) -> Iterator[Incompatibility]:
    allowed_before, allowed_after = _allowed(old), _allowed(new)
    if allowed_after is None:
        return
    if allowed_before is None:
        yield Incompatibility(path, Breach.VALUES_NARROWED, f"any value was accepted, now {allowed_after}")
    elif lost := [value for value in allowed_before if value not in allowed_after]:
        yield Incompatibility(path, Breach.VALUES_NARROWED, f"no longer accepted: {lost}")


def _allowed(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def patterns_narrowed(old: Schema, new: Schema, path: str) -> Iterator[Incompatibility]:
    for keyword in ("pattern", "format", "contentEncoding"):
        if keyword in new and new[keyword] != old.get(keyword):
            detail = f"{keyword} was {old.get(keyword, 'free')!r}, now {new[keyword]!r}"
            yield Incompatibility(path, Breach.PATTERN_NARROWED, detail)


def limits_narrowed(old: Schema, new: Schema, path: str) -> Iterator[Incompatibility]:
    for lower, exclusive in (
        ("minimum", "exclusiveMinimum"),
        ("minLength", None),
        ("minItems", None),
        ("minProperties", None),
    ):
        if _floor(new, lower, exclusive) > _floor(old, lower, exclusive):
            yield Incompatibility(path, Breach.LIMIT_NARROWED, _limit_detail(old, new, lower, exclusive))
    for upper, exclusive in (
        ("maximum", "exclusiveMaximum"),
        ("maxLength", None),
        ("maxItems", None),
        ("maxProperties", None),
    ):
        if _ceiling(new, upper, exclusive) < _ceiling(old, upper, exclusive):
            yield Incompatibility(path, Breach.LIMIT_NARROWED, _limit_detail(old, new, upper, exclusive))
    for keyword in ("multipleOf", "uniqueItems"):
        if new.get(keyword, False) not in {False, old.get(keyword, False)}:
            yield Incompatibility(path, Breach.LIMIT_NARROWED, f"now {keyword} {new[keyword]}")


def _floor(schema: Schema, inclusive: str, exclusive: str | None) -> tuple[float, bool]:
    """The lower bound; of two equal ones the exclusive is the higher."""
    bounds = [(float(schema.get(inclusive, -math.inf)), False)]
    if exclusive is not None and exclusive in schema:
        bounds.append((float(schema[exclusive]), True))
    return max(bounds)


def _ceiling(schema: Schema, inclusive: str, exclusive: str | None) -> tuple[float, bool]:
    """The upper bound; of two equal ones the exclusive (False) is the lower."""
    bounds = [(float(schema.get(inclusive, math.inf)), True)]
    if exclusive is not None and exclusive in schema:
        bounds.append((float(schema[exclusive]), False))
    return min(bounds)


def _limit_detail(old: Schema, new: Schema, inclusive: str, exclusive: str | None) -> str:
    def told(schema: Schema) -> str:
        parts = [
            f"{key} {schema[key]}" for key in (inclusive, exclusive) if key is not None and key in schema
        ]
        return " and ".join(parts) or f"no {inclusive}"

    return f"{told(old)} became {told(new)}"
