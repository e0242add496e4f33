"""Whatever people do in whatever order: one alone protects nobody, and nothing is kept that nobody needs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.artists import Artists
from services.registry.forms import ArtistForm
from services.registry.people import Person
from services.registry.ports import Delivered
from services.registry.proposals import CHECKERS
from shared.clock import SetClock
from shared.errors import StoreUnavailable, SystemicError
from shared.events import (
    ArtistStatus,
    DistributorRegistered,
    EnrolmentProposed,
    Fitness,
    ProposalState,
    ProtectedArtist,
    ReferenceCheck,
    ReferencesChecked,
    VoiceprintSealed,
)
from tests.support.registry import (
    A_TIME,
    ADA,
    LABEL,
    OMAR,
    RITA,
    MemoryLedger,
    MemoryRecordings,
    MemoryVoiceprints,
)

PEOPLE = {person.person_id: person for person in (RITA, OMAR, LABEL)}
who = st.sampled_from([RITA, OMAR, LABEL])
takes = st.lists(st.sampled_from(["chest", "head", "duet", "scrap"]), min_size=1, max_size=3, unique=True)
steps = st.one_of(
    st.tuples(st.just("propose"), who, takes),
    st.tuples(st.just("check"), who, st.sampled_from(list(Fitness))),
    st.tuples(st.just("approve"), who, st.sampled_from(["", "The second voice is her own, doubled."])),
    st.tuples(st.just("reject"), who, st.just("no proof")),
    st.tuples(st.just("withdraw"), who, st.none()),
    st.tuples(st.just("lose"), who, st.sampled_from(["artists", "proposals", "recordings", "voiceprints"])),
    st.tuples(st.just("mend"), who, st.none()),
    st.tuples(st.just("restart"), who, st.none()),
)


@dataclass
class Registry:
    """One artist's life. What breaks stays broken until it is mended."""

    artists: MemoryLedger[ProtectedArtist] = field(default_factory=MemoryLedger)
    proposals: MemoryLedger[EnrolmentProposed] = field(default_factory=MemoryLedger)
    checks: dict[str, ReferencesChecked] = field(default_factory=dict)
    recordings: MemoryRecordings = field(default_factory=MemoryRecordings)
    templates: dict[str, VoiceprintSealed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.voiceprints = MemoryVoiceprints(self.templates)
        self.clock = SetClock(A_TIME)
        self.handlers = Artists(
            self.artists,
            self.proposals,
            self.checks,
            MemoryLedger[DistributorRegistered](),
            self.recordings,
            self.voiceprints,
            self.clock,
            limit_bytes=1000,
        )

    async def step(self, step: tuple[str, Person, object]) -> None:
        what, by, about = step
        try:
            await getattr(self, f"_{what}")(by, about)
        except (SystemicError, StoreUnavailable):
            return  # the request was answered with an outage

    async def _propose(self, by: Person, names: list[str]) -> None:
        async def chunks(name: str) -> AsyncIterator[bytes]:
            yield name.encode()

        files = [Delivered(name, chunks(name)) for name in names]
        await self.handlers.propose("ada", ArtistForm.model_validate(ADA), files, by=by)

    async def _check(self, _by: Person, fitness: Fitness) -> None:
        last = self.proposals.current.get("ada")
        for checker in CHECKERS if last is not None else ():
            assert last is not None
            self.checks[checker] = ReferencesChecked(
                event_id=f"{last.proposal_id}-{checker}",
                occurred_at=A_TIME,
                artist_id="ada",
                proposal_id=last.proposal_id,
                checker=checker,
                model_version="test",
                references=tuple(
                    ReferenceCheck(sha256=one.sha256, fitness=fitness, codes=("said",))
                    for one in last.references
                ),
            )

    async def _approve(self, by: Person, accepting: str) -> None:
        last = self.proposals.current.get("ada")
        seen = last.proposal_id if last is not None else "nothing"
        await self.handlers.approve("ada", proposal_id=seen, by=by, accepting=accepting)

    async def _reject(self, by: Person, why: str) -> None:
        await self.handlers.reject("ada", by=by, why=why)

    async def _withdraw(self, by: Person, _: None) -> None:
        await self.handlers.withdraw("ada", by=by)

    async def _lose(self, _by: Person, part: str) -> None:
        getattr(self, part).broken = True

    async def _mend(self, _by: Person, _: None) -> None:
        for part in (self.artists, self.proposals, self.recordings, self.voiceprints):
            part.broken = False

    async def _restart(self, _by: Person, _: None) -> None:
        await self.handlers.finish_what_was_cut_off()

    def never(self) -> None:
        """What must not be so at any moment, outages or not."""
        for artist in self.artists.said:
            if artist.status is ArtistStatus.ACTIVE:
                assert artist.approved_by is not None
                assert artist.approved_by != artist.proposed_by
                assert PEOPLE[artist.approved_by].may_approve
                assert artist.consent is not None
        for one in self.needed():
            assert one in self.recordings.kept

    def needed(self) -> set[str]:
        pending = [p for p in self.proposals.current.values() if p.state is ProposalState.PENDING]
        active = [a for a in self.artists.current.values() if a.status is ArtistStatus.ACTIVE]
        return {reference.uri for one in (*pending, *active) for reference in one.references}


async def live(history: list[tuple[str, Person, object]]) -> Registry:
    registry = Registry()
    for step in history:
        registry.clock.at = A_TIME
        await registry.step(step)
        registry.never()
    return registry


@settings(max_examples=300)
@given(st.lists(steps, max_size=14))
def test_one_alone_protects_nobody_and_no_recording_is_lost(
    history: list[tuple[str, Person, object]],
) -> None:
    asyncio.run(live(history))


@settings(max_examples=300)
@given(st.lists(steps, max_size=14))
def test_after_a_withdrawal_that_was_finished_nothing_of_the_voice_is_left(
    history: list[tuple[str, Person, object]],
) -> None:
    registry = asyncio.run(live([*history, ("mend", RITA, None), ("withdraw", RITA, None)]))
    current = registry.artists.current.get("ada")
    if current is None:
        return
    assert current.status is ArtistStatus.WITHDRAWN
    assert current.references == ()
    assert registry.voiceprints.keys == {}
    assert registry.templates == {}
    assert registry.needed() == set()


@settings(max_examples=300)
@given(st.lists(steps, max_size=14))
def test_a_start_finishes_whatever_was_cut_off(history: list[tuple[str, Person, object]]) -> None:
    registry = asyncio.run(live([*history, ("mend", RITA, None), ("restart", RITA, None)]))
    for artist in registry.artists.current.values():
        withdrawn = artist.status is ArtistStatus.WITHDRAWN
        assert (artist.artist_id in registry.voiceprints.keys) is not withdrawn
        assert not (withdrawn and artist.references)
