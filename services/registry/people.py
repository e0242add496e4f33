"""Who works with the registry, and what each may see and do. Pure."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.events import Record
from shared.events.base import Sha256, Slug

ADMINISTRATOR = "administrator"


class Role(StrEnum):
    """``rights_holder`` speaks for the artists that are named and sees no other; ``registrar`` for nobody."""

    REGISTRAR = "registrar"
    RIGHTS_HOLDER = "rights_holder"


class Person(Record):
    """Of a sign-in token only the SHA-256 is kept (the token is 256 random bits).

    People of an OpenID provider have none: they sign in there, and only to the pages.
    """

    person_id: Slug
    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: Role
    artists: frozenset[Slug] = frozenset()
    token_sha256: Sha256 | None = None

    @property
    def may_approve(self) -> bool:
        return self.role is Role.REGISTRAR

    @property
    def may_administer(self) -> bool:
        """Distributors, their keys and webhooks."""
        return self.role is Role.REGISTRAR

    def sees(self, artist_id: str) -> bool:
        return self.role is Role.REGISTRAR or artist_id in self.artists


def administrator(token_sha256: str) -> Person:
    """Whoever holds the administrators' token: one person in the eyes of the rule that asks for two."""
    return Person(
        person_id=ADMINISTRATOR, name="Administrator", role=Role.REGISTRAR, token_sha256=token_sha256
    )
