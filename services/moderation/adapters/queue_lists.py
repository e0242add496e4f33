"""Looking into the queue in Redis: one case, a page of them, how many there are."""

from services.moderation.adapters.queue_encoding import base_of, case_of, facet_of, groups_of
from services.moderation.adapters.queue_scripts import LOOKED_AT, QueueScripts
from services.moderation.adapters.tallies import tallied
from services.moderation.domain.cases import Case
from services.moderation.domain.looking import EVERYTHING, Counts, Cursor, Filter, Page


class QueueLists(QueueScripts):
    async def case(self, case_id: str) -> Case | None:
        return case_of(await self._run("case", case_id))

    async def page(
        self, reviewer_id: str, wanted: Filter, *, limit: int, after: Cursor | None = None
    ) -> Page:
        found, last = await self._run(
            "page",
            base_of(wanted, reviewer_id),
            groups_of(wanted),
            self._opened_before(wanted),
            after.order if after else 0,
            after.case_id if after else "",
            limit,
            LOOKED_AT,
        )
        cases = [case for _, fields in found if (case := case_of(fields)) is not None]
        return Page(tuple(cases), Cursor(int(last[0]), last[1].decode()) if last else None)

    async def counts(self, reviewer_id: str, within: Filter = EVERYTHING) -> Counts:
        if within.leaving_out or within.only_in is not None:
            return tallied(await self._run("tallies", reviewer_id), within)
        *numbers, reasons, distributors = await self._run("counts", reviewer_id)
        waiting, free, mine, pending, overdue, escalated, proposed_, appeals = numbers
        return Counts(
            open=waiting,
            free=free,
            mine=mine,
            pending=pending,
            overdue=overdue,
            escalated=escalated,
            proposed=proposed_,
            appeals=appeals,
            reasons=facet_of(reasons),
            distributors=facet_of(distributors),
        )

    async def upcoming(self, reviewer_id: str, wanted: Filter, *, senior: bool = False) -> Case | None:
        groups, opened_before = groups_of(wanted), self._opened_before(wanted)
        return case_of(
            await self._run("upcoming", reviewer_id, groups, opened_before, LOOKED_AT, int(senior))
        )
