"""What the doctor says: one line for each thing looked at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Line:
    """``advice`` says what to do, and is empty when there is nothing to do."""

    level: Level
    what: str
    told: str
    advice: str = ""


Check = Callable[[], Iterable[Line]]


def ok(what: str, told: str) -> Line:
    return Line(Level.OK, what, told)


def warn(what: str, told: str, advice: str) -> Line:
    return Line(Level.WARN, what, told, advice)


def failing(what: str, told: str, advice: str) -> Line:
    return Line(Level.FAIL, what, told, advice)


def worst(lines: Iterable[Line]) -> Level:
    levels = {line.level for line in lines}
    return next((level for level in (Level.FAIL, Level.WARN) if level in levels), Level.OK)
