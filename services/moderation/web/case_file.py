"""Everything that a case page shows of its track, gathered in one place."""

import asyncio
from dataclasses import dataclass

from services.moderation import declared, evidence
from services.moderation.accounts import account_patterns
from services.moderation.domain.cases import Case
from services.moderation.domain.past import DistributorRecord, Past
from services.moderation.history import history
from services.moderation.web.hearing import Hearing, Offered
from services.moderation.web.identity import SignedIn
from shared.views.tracks import TrackView

_EARLIER = 6


@dataclass(frozen=True)
class CaseFile:
    hearing: Hearing
    past: Past

    async def values(self, who: SignedIn, case: Case, view: TrackView | None) -> dict[str, object]:
        """For the template of the case page. Raises SystemicError when Redis does not answer."""
        upload = view.upload if view else None
        decision = view.decision if view else None
        may_hear = who.reviewer.may_hear(case)
        distributor = case.summary.distributor_id or (upload.distributor_id if upload else None)
        earlier, record, sounds = await asyncio.gather(
            self.past.like(case.summary, limit=_EARLIER),
            self._record(distributor),
            self._sounds(who, case, view),
        )
        return {
            "upload": upload,
            "decision": decision,
            "reasons": decision.reasons if decision else case.summary.reasons,
            "measured": evidence.measured(view) if view else (),
            "lanes": evidence.lanes(view) if view else (),
            "comparisons": declared.comparisons(upload, view) if upload and view else (),
            "patterns": account_patterns(decision),
            "grants": declared.considered_grants(decision),
            "history": history(view) if view else (),
            "declared_use": declared.declared_use,
            "may_hear": may_hear,
            "sounds": sounds,
            "record": record,
            "earlier": earlier,
        }

    async def _record(self, distributor: str | None) -> DistributorRecord | None:
        return await self.past.record_of(distributor) if distributor else None

    async def _sounds(self, who: SignedIn, case: Case, view: TrackView | None) -> tuple[Offered, ...]:
        return await self.hearing.offered(case, view, who) if who.reviewer.may_hear(case) else ()
