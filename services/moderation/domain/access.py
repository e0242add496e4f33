"""Who may do what. Every path of the API and of the pages asks here."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.moderation.domain.cases import Case
from shared.events import Record
from shared.events.base import Sha256, Slug


class Right(StrEnum):
    """``hear_held``: the recording of a case while holding its claim; ``hear_any``: of any case."""

    READ = "read"
    CLAIM = "claim"
    DECIDE = "decide"
    HEAR_HELD = "hear_held"
    HEAR_ANY = "hear_any"


class Role(StrEnum):
    VIEWER = "viewer"
    MODERATOR = "moderator"
    SENIOR = "senior"


_MODERATOR = frozenset({Right.READ, Right.CLAIM, Right.DECIDE, Right.HEAR_HELD})
_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.MODERATOR: _MODERATOR,
    Role.SENIOR: _MODERATOR | {Right.HEAR_ANY},
}


class Reviewer(Record):
    """A person at the desk. Of the sign-in token only the SHA-256 is kept (the token is 256 random bits)."""

    reviewer_id: Slug
    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: Role
    token_sha256: Sha256

    def may(self, right: Right) -> bool:
        return right in _RIGHTS[self.role]

    def may_hear(self, case: Case) -> bool:
        if self.may(Right.HEAR_ANY):
            return True
        held = case.claim is not None and case.claim.reviewer_id == self.reviewer_id
        return held and self.may(Right.HEAR_HELD)
