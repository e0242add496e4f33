"""Reason texts with places for what was found, such as ``The voice of {match.name} was recognised``."""

import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"\{([^{}]*)\}")
ABSENT = object()


def places(text: str) -> tuple[tuple[str, int], ...]:
    """Each dotted name that the text has a place for, with its offset."""
    return tuple((found.group(1), found.start(1)) for found in _PLACE.finditer(text))


def filled(text: str, values: Mapping[str, Any]) -> str:
    """The text with every place filled from ``values``; a name that leads nowhere reads "unknown"."""
    return _PLACE.sub(lambda found: shown(value_at(values, found.group(1))), text)


def value_at(values: Mapping[str, Any], dotted: str) -> Any:
    """The value that a dotted name leads to; ABSENT if it leads nowhere."""
    found: Any = values
    for part in dotted.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return ABSENT
        found = found[part]
    return found


def shown(value: Any) -> str:
    """A value as a person reads it; long ones are cut."""
    if value is ABSENT or value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return (
            f"{len(value)} of them" if value and not isinstance(value[0], str) else ", ".join(map(str, value))
        )
    return str(value)[:120]
