"""From what an OpenID provider says of a person to what they may do at the desk."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from services.moderation.domain.access import OTHER_QUEUE, Reviewer, Role
from shared.events import Record
from shared.events.base import Slug
from shared.openid.claims import NotAdmitted, groups_of, id_of, name_of

EVERY = "*"
_DISPLAYED_FIRST = (Role.SENIOR, Role.MODERATOR, Role.POLICY_EDITOR, Role.ADMIN, Role.VIEWER)


class Grant(Record):
    """What the members of a group may do.

    ``queues`` and ``labels`` narrow a person to what all their groups name together; ``*`` names all. A group
    that names none neither narrows nor widens. So somebody in a group without queues and in one for the queue
    ``voice`` works on ``voice`` alone.
    """

    model_config = ConfigDict(extra="forbid")

    group: Annotated[str, Field(min_length=1, max_length=300)]
    roles: tuple[Role, ...] = ()
    queues: tuple[Slug | Annotated[str, Field(pattern=r"^\*$")], ...] = ()
    labels: tuple[Slug | Annotated[str, Field(pattern=r"^\*$")], ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.roles or self.queues or self.labels):
            raise ValueError(f"the grant to {self.group} grants nothing: give it roles, queues or labels")
        return self


class Grants:
    """Claims are named as the provider names them; dots lead into objects."""

    def __init__(
        self,
        grants: tuple[Grant, ...],
        *,
        groups_claim: str = "groups",
        id_claim: str = "sub",
        name_claim: str = "name",
    ) -> None:
        self._grants = grants
        self._groups_claim = groups_claim
        self._id_claim = id_claim
        self._name_claim = name_claim

    def admit(self, claims: Mapping[str, Any]) -> Reviewer | NotAdmitted:
        """The reviewer that checked claims stand for."""
        reviewer_id = id_of(claims.get(self._id_claim))
        if reviewer_id is None:
            return NotAdmitted("no-id")
        groups = groups_of(claims, self._groups_claim)
        held = [grant for grant in self._grants if grant.group in groups]
        roles = {role for grant in held for role in grant.roles}
        if not roles:
            return NotAdmitted("no-role")
        role, *also = (role for role in _DISPLAYED_FIRST if role in roles)
        return Reviewer(
            reviewer_id=reviewer_id,
            name=name_of(claims.get(self._name_claim)) or reviewer_id,
            role=role,
            also=tuple(also),
            queues=_named({one for grant in held for one in grant.queues}),
            labels=_named({one for grant in held for one in grant.labels}),
        )


def unknown_queues(grants: tuple[Grant, ...], known: frozenset[str]) -> frozenset[str]:
    named = {queue for grant in grants for queue in grant.queues}
    return frozenset(named - known - {EVERY, OTHER_QUEUE})


def _named(names: set[str]) -> frozenset[str] | None:
    return None if not names or EVERY in names else frozenset(names)
