"""Reason texts with places for what was found, such as ``The voice of {match.name} was recognised``."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

_PLACE = re.compile(r"\{([^{}]*)\}")
_LONGEST = 120
ABSENT = object()


def places(text: str) -> tuple[tuple[str, int], ...]:
    """Each dotted name that the text has a place for, with its offset."""
    return tuple((found.group(1), found.start(1)) for found in _PLACE.finditer(text))


def pieces(text: str, slot_of: Callable[[str], int | None]) -> tuple[str | int, ...]:
    """The text taken apart at its places: what is between them, and the slot of each."""
    parts = _PLACE.split(text)
    return tuple(part if number % 2 == 0 else _known(slot_of(part)) for number, part in enumerate(parts))


def _known(slot: int | None) -> str | int:
    return "unknown" if slot is None else slot


def filled(text: tuple[str | int, ...], words: Sequence[str]) -> str:
    """The text with every place filled by the word of its slot."""
    return "".join([part if isinstance(part, str) else words[part] for part in text])


def shown(value: Any) -> str:  # noqa: PLR0911 - one case a type, on the hot path of every decision
    """A value as a person reads it; long ones are cut."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str):
        return value[:_LONGEST]
    if value is ABSENT or value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        if not value:
            return "none"
        return ", ".join(value) if isinstance(value[0], str) else f"{len(value)} of them"
    return str(value)[:_LONGEST]
