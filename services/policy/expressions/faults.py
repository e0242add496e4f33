"""Mistakes in an expression, and the nearest thing that would have been right."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Fault:
    """A mistake at an offset of the expression, from 0."""

    at: int
    message: str


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: what was meant, or what there is to choose from."""
    names = sorted(set(known))
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; there is {', '.join(f'`{known_name}`' for known_name in names[:20])}" if names else ""
