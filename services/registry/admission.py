"""From what an OpenID provider says of a person to what they may do at the registry. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from services.registry.people import ADMINISTRATOR, Person, Role
from shared.events import Record
from shared.events.base import Slug
from shared.openid.claims import NotAdmitted, groups_of, id_of, name_of


class Grant(Record):
    """What the members of a group may do; a rights holder's ``artists`` are those that they speak for."""

    model_config = ConfigDict(extra="forbid")

    group: Annotated[str, Field(min_length=1, max_length=300)]
    role: Role
    artists: frozenset[Slug] = frozenset()

    @model_validator(mode="after")
    def _fits_its_role(self) -> Self:
        if self.role is Role.REGISTRAR and self.artists:
            raise ValueError(f"the grant to {self.group} names artists: a registrar speaks for nobody")
        if self.role is Role.RIGHTS_HOLDER and not self.artists:
            raise ValueError(f"the grant to {self.group} grants nothing: name the artists")
        return self


class Admission:
    """Claims are named as the provider names them; dots lead into objects."""

    def __init__(
        self, grants: tuple[Grant, ...], *, groups_claim: str, id_claim: str, name_claim: str
    ) -> None:
        self._grants = grants
        self._groups_claim = groups_claim
        self._id_claim = id_claim
        self._name_claim = name_claim

    def admit(self, claims: Mapping[str, Any]) -> Person | NotAdmitted:
        """The person that checked claims stand for; in several groups, everything that these allow together.

        Nobody at the provider can be the administrator, who would else approve what they proposed with the
        administrators' token.
        """
        person_id = id_of(claims.get(self._id_claim))
        if person_id is None or person_id == ADMINISTRATOR:
            return NotAdmitted("no-id")
        groups = groups_of(claims, self._groups_claim)
        held = [grant for grant in self._grants if grant.group in groups]
        if not held:
            return NotAdmitted("no-role")
        registrar = any(grant.role is Role.REGISTRAR for grant in held)
        return Person(
            person_id=person_id,
            name=name_of(claims.get(self._name_claim)) or person_id,
            role=Role.REGISTRAR if registrar else Role.RIGHTS_HOLDER,
            artists=frozenset() if registrar else frozenset(one for grant in held for one in grant.artists),
        )
