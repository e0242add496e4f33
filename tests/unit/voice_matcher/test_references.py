"""What a person should know of recordings before they become somebody's references."""

from datetime import timedelta

import numpy as np
import pytest

from services.voice_matcher.domain import HeardVoice, NotHeard, Unheard
from services.voice_matcher.ears import Failing, Failure
from services.voice_matcher.enrolment import MOST_FORESEEN, Enrolment
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.proposals import ProposalChecker
from services.voice_matcher.references import holds_several_voices, percentile, unlike_the_others
from services.voice_matcher.voice_activity import WINDOW_SECONDS, Window
from shared.clock import SetClock
from shared.events import (
    BiometricConsent,
    EnrolmentProposed,
    Fitness,
    ProofOfAuthority,
    ProposalState,
    ReferenceCheck,
    ReferencesChecked,
)
from shared.stream.outcome import Done
from shared.topics import CHECKS
from tests.unit.voice_matcher.events import NOW, NamedStore, artist, sha, uri
from tests.unit.voice_matcher.voices import CALIBRATION, Singer, ToldEars, yardstick

ANNA, BO = Singer(1), Singer(2)


def together(*parts: HeardVoice) -> HeardVoice:
    """One recording of several parts."""
    rows = {
        network: np.concatenate([part.embeddings[network] for part in parts])
        for network in parts[0].embeddings
    }
    windows = sum(len(part.windows) for part in parts)
    return HeardVoice(tuple(Window(300 * k, 3.0) for k in range(windows)), rows, odds=3.0)


def proposal(*names: str, groups: tuple[str, ...] = (), **changes: object) -> EnrolmentProposed:
    references = artist("anna", *names).references
    if groups:
        references = tuple(
            reference.model_copy(update={"group": group})
            for reference, group in zip(references, groups, strict=True)
        )
    return EnrolmentProposed(
        event_id="p-1",
        occurred_at=NOW,
        proposal_id="p-1",
        artist_id="anna",
        name="Anna",
        references=references,
        biometric_consent="signed",
        consent=BiometricConsent(given_by="Anna", given_at=NOW, wording="2026-11"),
        authority=ProofOfAuthority(statement="the artist herself"),
        proposed_by="rita",
        proposed_at=NOW,
    ).model_copy(update=changes)


class World:
    def __init__(self, **holds: object) -> None:
        self.ears = ToldEars({sha(name.replace("_", "-")): voice for name, voice in holds.items()})  # type: ignore[misc]
        self.store = NamedStore()
        self.enrolment = Enrolment(self.ears, self.store, VoiceIndex(yardstick()))
        self.checker = ProposalChecker(
            self.ears,
            self.store,
            self.enrolment,
            SetClock(NOW + timedelta(minutes=1)),
            yardstick=yardstick(),
            model_version="model-1",
        )

    async def enrols(self, artist_id: str, name: str) -> None:
        self.enrolment.on_change(artist_id, artist(artist_id, name))
        await self.enrolment.settle()

    async def checked(self, proposed: EnrolmentProposed) -> ReferencesChecked:
        outcome = await self.checker.on_proposal(proposed)
        assert isinstance(outcome, Done)
        (output,) = outcome.outputs
        assert output.topic is CHECKS
        assert isinstance(output.event, ReferencesChecked)
        return output.event


def codes(checked: ReferencesChecked) -> list[tuple[str, ...]]:
    return [one.codes for one in checked.references]


class TestOneVoice:
    def test_one_person_throughout_is_one_voice(self) -> None:
        assert not holds_several_voices(ANNA.heard(windows=12), yardstick())

    @pytest.mark.parametrize("share", [2, 6, 10])
    def test_two_who_take_turns_are_not(self, share: int) -> None:
        duet = together(ANNA.heard(windows=share), BO.heard(windows=12 - share))
        assert holds_several_voices(duet, yardstick())

    def test_too_few_windows_say_nothing(self) -> None:
        assert not holds_several_voices(together(ANNA.heard(windows=1), BO.heard(windows=2)), yardstick())

    def test_a_stranger_among_recordings_is_told(self) -> None:
        voices = [ANNA.heard(seed=seed) for seed in range(3)]
        assert unlike_the_others([*voices, BO.heard()], yardstick()) == (False, False, False, True)
        assert unlike_the_others([BO.heard()], yardstick()) == (False,)


def test_the_percentile_is_that_of_the_two_measured_thresholds() -> None:
    assert percentile(CALIBRATION.possible, CALIBRATION) == pytest.approx(99.0)
    assert percentile(CALIBRATION.match, CALIBRATION) == pytest.approx(99.9)
    assert percentile(0.0, CALIBRATION) < percentile(1.0, CALIBRATION) < 99.0


async def test_fit_recordings_are_told_with_the_seconds_of_voice_in_them() -> None:
    world = World(one=ANNA.heard(), two=ANNA.heard(seed=2))
    checked = await world.checked(proposal("one", "two"))
    assert [(one.sha256, one.fitness) for one in checked.references] == [
        (sha("one"), Fitness.FIT),
        (sha("two"), Fitness.FIT),
    ]
    assert checked.references[0].seconds_of_voice == pytest.approx(6 * WINDOW_SECONDS)
    assert (checked.proposal_id, checked.checker) == ("p-1", "voice_matcher")


@pytest.mark.parametrize(
    ("heard", "code"),
    [
        (NotHeard(Unheard.NO_VOICE, "none"), "no_voice"),
        (NotHeard(Unheard.TOO_SHORT, "short"), "too_short"),
        (Failure(Failing.CRASHED, "twice"), "crashed"),
        (Failure(Failing.UNDECODABLE, "x"), "undecodable"),
    ],
)
async def test_a_recording_without_a_voice_is_unfit(heard: object, code: str) -> None:
    checked = await World(one=heard).checked(proposal("one"))
    assert checked.references == (ReferenceCheck(sha256=sha("one"), fitness=Fitness.UNFIT, codes=(code,)),)
    assert checked.neighbours == ()


async def test_a_recording_that_is_gone_is_unfit() -> None:
    world = World(one=ANNA.heard())
    world.store.missing.add(uri("one"))
    assert codes(await world.checked(proposal("one"))) == [("missing",)]


async def test_a_duet_a_stranger_and_a_scrap_are_doubts() -> None:
    duet = together(ANNA.heard(), BO.heard())
    world = World(duet=duet, a=ANNA.heard(), b=ANNA.heard(seed=2), bo=BO.heard(), scrap=ANNA.heard(windows=1))
    assert codes(await world.checked(proposal("duet"))) == [("several_voices",)]
    assert codes(await world.checked(proposal("a", "b", "bo"))) == [(), (), ("unlike_the_others",)]
    assert codes(await world.checked(proposal("scrap"))) == [("little_voice",)]


async def test_another_register_is_compared_with_its_own_kind_alone() -> None:
    world = World(a=ANNA.heard(), b=ANNA.heard(seed=2), high=BO.heard())
    checked = await world.checked(proposal("a", "b", "high", groups=("chest", "chest", "falsetto")))
    assert codes(checked) == [(), (), ()]


async def test_who_is_near_is_told_by_percentile_and_the_artist_is_not_her_own_neighbour() -> None:
    world = World(anna_1=ANNA.heard(), bo_1=BO.heard(), like_bo=BO.heard(seed=4))
    await world.enrols("anna", "anna-1")
    await world.enrols("bo", "bo-1")
    apart = await world.checked(proposal("anna-1"))
    assert [near.artist_id for near in apart.neighbours] == ["bo"]
    assert (apart.neighbours[0].verdict, apart.compared_with) == ("no_match", 1)
    near = await world.checked(proposal("anna-1", "like-bo", groups=("chest", "falsetto")))
    assert near.neighbours[0].verdict == "match"
    assert near.neighbours[0].percentile > 99.9


async def test_an_opinion_holds_nothing_that_was_measured_of_a_voice() -> None:
    world = World(one=ANNA.heard(), bo_1=BO.heard())
    await world.enrols("bo", "bo-1")
    told = (await world.checked(proposal("one"))).model_dump()
    assert set(told["references"][0]) == {"sha256", "fitness", "codes", "seconds_of_voice"}
    assert set(told["neighbours"][0]) == {"artist_id", "percentile", "verdict"}


@pytest.mark.parametrize("state", sorted(set(ProposalState) - {ProposalState.PENDING}))
async def test_what_is_answered_is_not_listened_to(state: ProposalState) -> None:
    world = World(one=ANNA.heard())
    assert await world.checker.on_proposal(proposal("one", state=state)) == Done()
    assert world.ears.asked == []


async def test_a_repeat_says_the_same_with_the_same_id() -> None:
    world = World(one=ANNA.heard())
    assert await world.checked(proposal("one")) == await world.checked(proposal("one"))
    other = replace_proposal(proposal("one"), "p-2")
    assert (await world.checked(other)).event_id != (await world.checked(proposal("one"))).event_id


def replace_proposal(of: EnrolmentProposed, proposal_id: str) -> EnrolmentProposed:
    return of.model_copy(update={"proposal_id": proposal_id})


async def test_a_proposal_protects_nobody() -> None:
    world = World(one=ANNA.heard())
    await world.checked(proposal("one"))
    assert world.enrolment.index.artists == frozenset()


class TestWhatWasHeardForAProposal:
    async def test_approved_the_artist_is_found_without_listening_again(self) -> None:
        world = World(one=ANNA.heard(), two=ANNA.heard(seed=2))
        await world.checked(proposal("one", "two"))
        assert world.enrolment.index.search(ANNA.heard()) == ()
        world.enrolment.on_change("anna", artist("anna", "one", "two"))
        await world.enrolment.settle()
        assert world.ears.asked == [sha("one"), sha("two")]
        assert world.enrolment.index.search(ANNA.heard())[0].artist_id == "anna"

    @pytest.mark.parametrize("state", [ProposalState.REJECTED, ProposalState.CANCELLED])
    async def test_turned_down_it_is_dropped(self, state: ProposalState) -> None:
        world = World(one=ANNA.heard())
        await world.checked(proposal("one"))
        await world.checker.on_proposal(proposal("one", state=state))
        await world.enrols("anna", "one")
        assert world.ears.asked == [sha("one"), sha("one")]

    async def test_the_word_of_an_approval_may_come_before_the_artists_own(self) -> None:
        world = World(one=ANNA.heard())
        await world.checked(proposal("one"))
        await world.checker.on_proposal(proposal("one", state=ProposalState.APPROVED))
        await world.enrols("anna", "one")
        assert world.ears.asked == [sha("one")]

    async def test_another_proposals_recordings_are_not_mixed_in(self) -> None:
        world = World(one=ANNA.heard(), two=BO.heard())
        await world.checked(proposal("one"))
        await world.checked(proposal("two", proposal_id="p-2"))
        await world.enrols("anna", "one")
        assert world.ears.asked == [sha("one"), sha("two"), sha("one")]

    async def test_memory_is_bounded(self) -> None:
        world = World(one=ANNA.heard())
        for number in range(MOST_FORESEEN + 1):
            await world.checked(proposal("one", artist_id=f"artist-{number}"))
        listened = len(world.ears.asked)
        await world.enrols("artist-0", "one")
        assert len(world.ears.asked) == listened + 1
        await world.enrols(f"artist-{MOST_FORESEEN}", "one")
        assert len(world.ears.asked) == listened + 1
