"""Taking cases from the queue in Redis, and handing them back or on."""

from services.moderation.adapters.queue_encoding import claimed_of, groups_of, known_case, moment
from services.moderation.adapters.queue_scripts import LOOKED_AT, QueueScripts
from services.moderation.domain.cases import Claim, Passed
from services.moderation.domain.looking import Filter
from services.moderation.domain.outcomes import (
    Barred,
    Claimed,
    Claiming,
    Escalated,
    HeldByOther,
    LeaseLost,
    NoSuchCase,
    NothingWaiting,
    NotOpen,
    Released,
    Renewed,
    SeniorsOnly,
    Skipped,
)


class QueueClaims(QueueScripts):
    async def claim(self, case_id: str, reviewer_id: str, *, senior: bool = False) -> Claiming:
        match await self._run("claim", case_id, reviewer_id, self._ahead(self._lease), int(senior)):
            case [b"claimed", fields]:
                return claimed_of(fields)
            case [b"held", holder, until]:
                return HeldByOther(holder.decode(), moment(until))
            case [b"barred", fields]:
                return Barred(known_case(fields))
            case [b"seniors_only", fields]:
                return SeniorsOnly(known_case(fields))
            case [b"not_open", fields]:
                return NotOpen(known_case(fields))
            case _:
                return NoSuchCase(case_id)

    async def claim_next(
        self, reviewer_id: str, wanted: Filter, *, senior: bool = False
    ) -> Claimed | NothingWaiting:
        match await self._run(
            "claim_next",
            reviewer_id,
            self._ahead(self._lease),
            groups_of(wanted),
            self._opened_before(wanted),
            LOOKED_AT,
            int(senior),
        ):
            case [b"claimed", _, fields]:
                return claimed_of(fields)
            case _:
                return NothingWaiting()

    async def renew(self, case_id: str, reviewer_id: str, token: int) -> Renewed | LeaseLost | NoSuchCase:
        until = self._ahead(self._lease)
        match await self._run("renew", case_id, reviewer_id, token, until):
            case [b"renewed"]:
                return Renewed(Claim(reviewer_id=reviewer_id, token=token, until=moment(until)))
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case _:
                return NoSuchCase(case_id)

    async def release(self, case_id: str, reviewer_id: str, token: int) -> Released | LeaseLost | NoSuchCase:
        match await self._run("release", case_id, reviewer_id, token):
            case [b"released"]:
                return Released(case_id)
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case _:
                return NoSuchCase(case_id)

    async def skip(self, case_id: str, reviewer_id: str) -> Skipped | NotOpen | NoSuchCase:
        match await self._run("skip", case_id, reviewer_id, self._ahead(self._skip)):
            case [b"skipped"]:
                return Skipped(case_id)
            case [b"not_open", fields]:
                return NotOpen(known_case(fields))
            case _:
                return NoSuchCase(case_id)

    async def escalate(
        self, case_id: str, reviewer_id: str, token: int, note: str
    ) -> Escalated | LeaseLost | NoSuchCase:
        word = Passed(reviewer_id=reviewer_id, note=note, at=self._clock.now())
        match await self._run("escalate", case_id, reviewer_id, token, word.model_dump_json()):
            case [b"escalated"]:
                return Escalated(case_id)
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case _:
                return NoSuchCase(case_id)
