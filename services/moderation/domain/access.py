"""Who may do what. Every path of the API and of the pages asks here, through one guard."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    SECOND = "second"
    BULK = "bulk"
    EDIT_POLICY = "edit_policy"
    ADMINISTER = "administer"


class Role(StrEnum):
    """Editing rules and administering are duties of their own: neither decides cases nor hears recordings."""

    VIEWER = "viewer"
    MODERATOR = "moderator"
    SENIOR = "senior"
    POLICY_EDITOR = "policy_editor"
    ADMIN = "admin"


_MODERATOR = frozenset({Right.READ, Right.CLAIM, Right.DECIDE, Right.HEAR_HELD})
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.MODERATOR: _MODERATOR,
    Role.SENIOR: _MODERATOR | {Right.HEAR_ANY, Right.SECOND, Right.BULK},
    Role.POLICY_EDITOR: frozenset({Right.READ, Right.EDIT_POLICY}),
    Role.ADMIN: frozenset({Right.READ, Right.ADMINISTER}),
}

OTHER_QUEUE = "other"
"""The queue of a case none of whose reasons and whose distributor belong to a queue."""


class QueueRule(Record):
    """A named part of the queue: cases with one of these reasons, or from one of these distributors."""

    name: Slug
    reasons: frozenset[str] = frozenset()
    distributors: frozenset[Slug] = frozenset()

    @property
    def indexes(self) -> frozenset[str]:
        """Names of the queue's index sets (see CaseSummary.indexes) that make up this part."""
        return frozenset(
            {
                *(f"reason:{code}" for code in self.reasons),
                *(f"distributor:{one}" for one in self.distributors),
            }
        )


class Reviewer(Record):
    """A person at the desk.

    ``queues`` and ``labels`` narrow what the roles allow; None narrows nothing. Of a local sign-in token only
    the SHA-256 is kept (the token is 256 random bits); people of an OpenID provider have none.
    """

    reviewer_id: Slug
    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: Role
    also: tuple[Role, ...] = ()
    queues: frozenset[Slug] | None = None
    labels: frozenset[Slug] | None = None
    token_sha256: Sha256 | None = None

    @property
    def roles(self) -> tuple[Role, ...]:
        return (self.role, *self.also)

    def may(self, right: Right) -> bool:
        return any(right in RIGHTS[role] for role in self.roles)

    def may_hear(self, case: Case) -> bool:
        if self.may(Right.HEAR_ANY):
            return True
        held = case.claim is not None and case.claim.reviewer_id == self.reviewer_id
        return held and self.may(Right.HEAR_HELD)

    def may_not_put(self, label_codes: Iterable[str]) -> tuple[str, ...]:
        return () if self.labels is None else tuple(sorted(set(label_codes) - self.labels))


@dataclass(frozen=True)
class LabelsNotYours:
    """The answer puts labels that this person may not put."""

    codes: tuple[str, ...]


class Queues:
    """The parts of the queue, and whose they are. A case in several is for those who have all of them."""

    def __init__(self, rules: tuple[QueueRule, ...] = ()) -> None:
        self._rules = rules

    @property
    def names(self) -> frozenset[str]:
        return frozenset({*(rule.name for rule in self._rules), OTHER_QUEUE})

    def of(self, case: Case) -> frozenset[str]:
        return self._of(case.summary.signature)

    def open_to(self, reviewer: Reviewer, case: Case) -> bool:
        return self.seen_by(reviewer, case.summary.signature)

    def seen_by(self, reviewer: Reviewer, signature: Iterable[str]) -> bool:
        return reviewer.queues is None or reviewer.queues >= self._of(signature)

    def _of(self, signature: Iterable[str]) -> frozenset[str]:
        found = frozenset(rule.name for rule in self._rules if rule.indexes & frozenset(signature))
        return found or frozenset({OTHER_QUEUE})

    def closed_to(self, reviewer: Reviewer) -> tuple[str, ...]:
        """Indexes no case of which is for ``reviewer``: what a search leaves out."""
        if reviewer.queues is None:
            return ()
        denied = (rule.indexes for rule in self._rules if rule.name not in reviewer.queues)
        return tuple(sorted(frozenset[str]().union(*denied)))

    def only_to(self, reviewer: Reviewer) -> tuple[str, ...] | None:
        """Indexes at least one of which a case must be in to be for ``reviewer``; None: any case will do."""
        if reviewer.queues is None or OTHER_QUEUE in reviewer.queues:
            return None
        allowed = (rule.indexes for rule in self._rules if rule.name in reviewer.queues)
        return tuple(sorted(frozenset[str]().union(*allowed)))
