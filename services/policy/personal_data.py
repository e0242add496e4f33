"""A lint for texts that must hold no personal data, before they leave for a public database."""

import re
from collections.abc import Iterable, Mapping

from services.policy.names import normalised

_PATTERNS = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "a web address": re.compile(r"https?://|www\.", re.IGNORECASE),
    "a telephone number": re.compile(r"(?<![\w-])\+?\d[\d ()/-]{7,}\d(?![\w-])"),
    "an IP address": re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    "an ISNI": re.compile(r"\b\d{4} ?\d{4} ?\d{4} ?\d{3}[\dX]\b"),
    "an ISRC": re.compile(r"\b[A-Z]{2}-?[A-Z0-9]{3}-?\d{2}-?\d{5}\b"),
}
_TEXTS = ("incompatible_content_ground", "incompatible_content_explanation", "decision_facts")
SHORTEST_NAME = 3


def personal_data_in(statement: Mapping[str, object], names: Iterable[str]) -> tuple[str, ...]:
    """What the free texts of a statement give away: patterns, and any of ``names`` as whole words."""
    found: list[str] = []
    for field in _TEXTS:
        text = str(statement.get(field, ""))
        found += [f"{field} holds {what}" for what, pattern in _PATTERNS.items() if pattern.search(text)]
        plain = f" {normalised(text)} "
        found += [
            f"{field} names a person or a work of this delivery"
            for name in names
            if len(normalised(name)) >= SHORTEST_NAME and f" {normalised(name)} " in plain
        ]
    return tuple(dict.fromkeys(found))
