"""The ways in which a schema can break with the one before."""

from dataclasses import dataclass
from enum import StrEnum


class Breach(StrEnum):
    EVENT_REMOVED = "event removed"
    FIELD_REMOVED = "field removed"
    NEWLY_REQUIRED = "newly required"
    TYPE_NARROWED = "type narrowed"
    VALUES_NARROWED = "values narrowed"
    PATTERN_NARROWED = "pattern narrowed"
    LIMIT_NARROWED = "limit narrowed"


@dataclass(frozen=True)
class Incompatibility:
    """``path`` is like ``declaration.contributors[].role``; map values are ``{}``, the event itself ``$``."""

    path: str
    breach: Breach
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: {self.breach}: {self.detail}"
