"""Somebody proposes to protect an artist: listen to the recordings and say what to know of them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import structlog

from services.voice_matcher.domain import HeardVoice, ReferenceVoice
from services.voice_matcher.ears import Ears, Failure
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.finding import DETECTOR
from services.voice_matcher.index import Yardstick
from services.voice_matcher.known_voices import Known, measured, used_of
from services.voice_matcher.listening import REFERENCE
from services.voice_matcher.references import (
    LITTLE_VOICE_SECONDS,
    holds_several_voices,
    neighbours,
    unlike_the_others,
)
from services.voice_matcher.voiceprints import Voiceprints
from shared.clock import Clock
from shared.errors import ObjectMissing
from shared.events import (
    EnrolmentProposed,
    Fitness,
    ProposalState,
    ReferenceCheck,
    ReferencesChecked,
    VoiceReference,
)
from shared.ids import deterministic_id
from shared.objects.store import ObjectStore
from shared.stream.outcome import Done, Outcome, Output
from shared.topics import CHECKS

log = structlog.get_logger()


class ProposalChecker:
    """Handles ``registry.proposals``.

    What is measured here is compared, protects nobody, and stays in this process's memory until the proposal
    is answered: a second person's approval then acts at once, and a refusal drops it.
    """

    def __init__(
        self,
        ears: Ears,
        store: ObjectStore,
        enrolment: Enrolment,
        clock: Clock,
        *,
        yardstick: Yardstick,
        model_version: str,
        voiceprints: Voiceprints | None = None,
    ) -> None:
        self._ears = ears
        self._store = store
        self._enrolment = enrolment
        self._clock = clock
        self._yardstick = yardstick
        self._model_version = model_version
        self._voiceprints = voiceprints

    async def on_proposal(self, proposal: EnrolmentProposed) -> Outcome:
        """Done with an opinion on every recording; nothing for a proposal that waits no longer.

        Raises:
            SystemicError: the store, or the access log of the voices that are compared, is away.
        """
        if proposal.state is not ProposalState.PENDING:
            if proposal.state is not ProposalState.APPROVED:
                self._enrolment.forget_foreseen(proposal.artist_id)
            return Done()
        used = used_of(proposal)
        heard = {one.sha256: await self._listen(one) for one in used}
        voices = {sha256: found for sha256, found in heard.items() if isinstance(found, HeardVoice)}
        groups: defaultdict[str, list[VoiceReference]] = defaultdict(list)
        for one in used:
            if one.sha256 in voices:
                groups[one.group].append(one)
        doubts = self._doubts(groups.values(), voices)
        opinions = [
            _opinion(reference, heard.get(reference.sha256), doubts.get(reference.sha256, ()))
            for reference in proposal.references
        ]
        self._enrolment.foresee(proposal.artist_id, _known(used, heard))
        index = self._enrolment.index
        if self._voiceprints is not None and groups:
            await self._voiceprints.note_comparison(proposal.artist_id, len(index))
        near = neighbours(
            [[voices[one.sha256] for one in group] for group in groups.values()],
            proposal.artist_id,
            index,
            self._yardstick.calibration,
        )
        checked = ReferencesChecked(
            event_id=deterministic_id("checked", proposal.proposal_id, DETECTOR, self._model_version),
            occurred_at=self._clock.now(),
            artist_id=proposal.artist_id,
            proposal_id=proposal.proposal_id,
            checker=DETECTOR,
            model_version=self._model_version,
            references=tuple(opinions),
            neighbours=near,
            compared_with=len(index) - (proposal.artist_id in index),
        )
        log.info("references checked", artist=proposal.artist_id, references=len(opinions))
        return Done((Output(CHECKS, checked),))

    async def _listen(self, reference: VoiceReference) -> HeardVoice | str:
        """The voice, or the code that says why there is none."""
        try:
            path = await asyncio.to_thread(self._store.local_path, reference.uri)
        except ObjectMissing:
            return "missing"
        listening = await self._ears.listen(path, REFERENCE, sha256=reference.sha256)
        if isinstance(listening.heard, HeardVoice):
            return listening.heard
        if isinstance(listening.heard, Failure):
            return listening.heard.kind.value
        return listening.heard.why.value

    def _doubts(
        self, groups: Iterable[list[VoiceReference]], voices: Mapping[str, HeardVoice]
    ) -> dict[str, tuple[str, ...]]:
        """What speaks against a recording that holds a voice, by SHA-256."""
        doubts: dict[str, tuple[str, ...]] = {}
        for group in groups:
            heard = [voices[one.sha256] for one in group]
            little = sum(voice.seconds for voice in heard) < LITTLE_VOICE_SECONDS
            strange = unlike_the_others(heard, self._yardstick)
            for one, voice, unlike in zip(group, heard, strange, strict=True):
                several = holds_several_voices(voice, self._yardstick)
                found = {"little_voice": little, "several_voices": several, "unlike_the_others": unlike}
                doubts[one.sha256] = tuple(code for code, holds in found.items() if holds)
        return doubts


def _known(used: Sequence[VoiceReference], heard: Mapping[str, HeardVoice | str]) -> Known:
    """As enrolling measures them. A recording that failed is tried again when it is needed."""
    known: dict[str, ReferenceVoice | None] = {}
    for one in used:
        found = heard[one.sha256]
        if isinstance(found, HeardVoice):
            known[one.sha256] = measured(one, found)
    return known


def _opinion(
    reference: VoiceReference, heard: HeardVoice | str | None, doubts: Sequence[str]
) -> ReferenceCheck:
    if heard is None:
        return ReferenceCheck(sha256=reference.sha256, fitness=Fitness.FIT, codes=("beyond_the_eighth",))
    if isinstance(heard, str):
        return ReferenceCheck(sha256=reference.sha256, fitness=Fitness.UNFIT, codes=(heard,))
    return ReferenceCheck(
        sha256=reference.sha256,
        fitness=Fitness.DOUBTFUL if doubts else Fitness.FIT,
        codes=tuple(doubts),
        seconds_of_voice=heard.seconds,
    )
