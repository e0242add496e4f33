"""What checked claims say of a person: an id that can be kept, a name, the groups."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@dataclass(frozen=True)
class NotAdmitted:
    """The provider knows this person; the service has nothing for them. ``why`` is a slug."""

    why: str


def id_of(claim: object) -> str | None:
    """The claim itself where it can be an id; else an id that follows from it and from nothing else."""
    if not isinstance(claim, str) or not claim:
        return None
    if _SLUG.fullmatch(claim):
        return claim
    return f"sub-{hashlib.sha256(claim.encode(errors='surrogatepass')).hexdigest()[:32]}"


def name_of(claim: object) -> str:
    return " ".join(claim.split())[:100] if isinstance(claim, str) else ""


def _at(claims: Mapping[str, Any], path: str) -> object:
    if path in claims:  # a claim whose own name has dots, as with a URL for a namespace
        return claims[path]
    found: object = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(found: object) -> frozenset[str]:
    """One group or several. Anything else is no group."""
    if isinstance(found, str):
        return frozenset({found})
    return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()


def groups_of(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """``path`` is that of the claim, its parts divided by dots (``realm_access.roles``)."""
    return _texts(_at(claims, path))
