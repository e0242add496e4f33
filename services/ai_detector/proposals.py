"""Somebody proposes to protect an artist: say which of the recordings seem to be generated themselves."""

import asyncio

from services.ai_detector.finding import DETECTOR
from services.ai_detector.meter import Failure, Meter
from shared.clock import Clock
from shared.errors import ObjectMissing
from shared.events import (
    EnrolmentProposed,
    Fitness,
    ProposalState,
    ReferenceCheck,
    ReferencesChecked,
    Verdict,
    VoiceReference,
)
from shared.ids import deterministic_id
from shared.objects.store import ObjectStore
from shared.stream.outcome import Done, Outcome, Output
from shared.topics import CHECKS

_DOUBTS = {Verdict.LIKELY_GENERATED: "likely_generated", Verdict.INCONCLUSIVE: "maybe_generated"}


class ProposalMeasurer:
    """Handles `registry.proposals`. A generated reference would protect a voice that nobody has."""

    def __init__(self, meter: Meter, store: ObjectStore, clock: Clock, *, model_version: str) -> None:
        self._meter = meter
        self._store = store
        self._clock = clock
        self._model_version = model_version

    async def on_proposal(self, proposal: EnrolmentProposed) -> Outcome:
        """Done with an opinion on every recording; nothing for a proposal that waits no longer.

        Raises:
            StoreUnavailable, SystemicError: an outage that is not this proposal's fault; the runner waits.
        """
        if proposal.state is not ProposalState.PENDING:
            return Done()
        checked = ReferencesChecked(
            event_id=deterministic_id("checked", proposal.proposal_id, DETECTOR, self._model_version),
            occurred_at=self._clock.now(),
            artist_id=proposal.artist_id,
            proposal_id=proposal.proposal_id,
            checker=DETECTOR,
            model_version=self._model_version,
            references=tuple([await self._measure(reference) for reference in proposal.references]),
        )
        return Done((Output(CHECKS, checked),))

    async def _measure(self, reference: VoiceReference) -> ReferenceCheck:
        try:
            path = await asyncio.to_thread(self._store.local_path, reference.uri)
        except ObjectMissing:
            return ReferenceCheck(sha256=reference.sha256, fitness=Fitness.UNFIT, codes=("missing",))
        found = (await self._meter.measure(path, sha256=reference.sha256)).result
        if isinstance(found, Failure):
            return ReferenceCheck(sha256=reference.sha256, fitness=Fitness.UNFIT, codes=(found.kind.value,))
        if found.verdict in _DOUBTS:
            doubt = _DOUBTS[found.verdict]
            return ReferenceCheck(sha256=reference.sha256, fitness=Fitness.DOUBTFUL, codes=(doubt,))
        codes = ("generation_not_measured",) if found.verdict is Verdict.NOT_MEASURED else ()
        return ReferenceCheck(sha256=reference.sha256, fitness=Fitness.FIT, codes=codes)
