"""The index follows the registry: soon for new artists, at once for those who withdraw."""

import asyncio

import pytest

from services.voice_matcher.domain import MatchVerdict, NotHeard, Unheard
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.index import VoiceIndex
from shared.events import ArtistStatus
from tests.unit.voice_matcher.events import NamedStore, artist, sha, uri
from tests.unit.voice_matcher.voices import Singer, ToldEars, yardstick

ANNA = Singer(1)


@pytest.fixture
def ears() -> ToldEars:
    return ToldEars({sha("anna-1"): ANNA.heard(), sha("anna-2"): ANNA.heard(seed=2)})


@pytest.fixture
def store() -> NamedStore:
    return NamedStore()


@pytest.fixture
def enrolment(ears: ToldEars, store: NamedStore) -> Enrolment:
    return Enrolment(ears, store, VoiceIndex(yardstick()))


async def test_an_announced_artist_can_be_found_once_listened_to(enrolment: Enrolment) -> None:
    enrolment.on_change("anna", artist("anna", "anna-1"))
    assert enrolment.unusable == {"anna": "not listened to yet"}
    await enrolment.settle()
    assert enrolment.index.search(ANNA.heard())[0].verdict is MatchVerdict.MATCH
    assert enrolment.unusable == {}


async def test_a_running_enrolment_takes_up_a_new_artist_without_being_asked(enrolment: Enrolment) -> None:
    running = asyncio.create_task(enrolment.run())
    enrolment.on_change("anna", artist("anna", "anna-1"))
    done, _ = await asyncio.wait({running}, timeout=0.2)
    assert not done
    assert enrolment.index.artists == {"anna"}
    running.cancel()


@pytest.mark.parametrize("last_word", [None, artist("anna", "anna-1", status=ArtistStatus.WITHDRAWN)])
async def test_a_withdrawn_or_deleted_artist_is_gone_before_the_next_track(
    enrolment: Enrolment, last_word: object
) -> None:
    enrolment.on_change("anna", artist("anna", "anna-1"))
    await enrolment.settle()
    enrolment.on_change("anna", last_word)  # type: ignore[arg-type]
    assert enrolment.index.artists == frozenset()


async def test_who_withdraws_while_being_listened_to_is_not_enrolled(
    enrolment: Enrolment, ears: ToldEars
) -> None:
    enrolment.on_change("anna", artist("anna", "anna-1"))
    listening = asyncio.create_task(enrolment.settle())
    await asyncio.sleep(0)
    enrolment.on_change("anna", None)
    await listening
    assert enrolment.index.artists == frozenset()


async def test_without_recorded_consent_nobody_is_listened_to(enrolment: Enrolment, ears: ToldEars) -> None:
    enrolment.on_change("anna", artist("anna", "anna-1", consent=" "))
    await enrolment.settle()
    assert ears.asked == []
    assert "consent" in enrolment.unusable["anna"]


async def test_only_new_references_are_listened_to_when_an_artist_changes(
    enrolment: Enrolment, ears: ToldEars
) -> None:
    enrolment.on_change("anna", artist("anna", "anna-1"))
    await enrolment.settle()
    enrolment.on_change("anna", artist("anna", "anna-1", "anna-2"))
    await enrolment.settle()
    assert ears.asked == [sha("anna-1"), sha("anna-2")]


async def test_a_reference_that_was_taken_back_no_longer_counts(enrolment: Enrolment, ears: ToldEars) -> None:
    ears.holds[sha("other")] = Singer(9).heard()
    enrolment.on_change("anna", artist("anna", "anna-1", "other"))
    await enrolment.settle()
    mixed = enrolment.index.search(ANNA.heard())[0].score
    enrolment.on_change("anna", artist("anna", "anna-1"))
    await enrolment.settle()
    assert enrolment.index.search(ANNA.heard())[0].score > mixed


async def test_an_artist_without_a_usable_reference_is_named_as_not_searched(
    enrolment: Enrolment, ears: ToldEars, store: NamedStore
) -> None:
    ears.holds[sha("hum")] = NotHeard(Unheard.NO_VOICE, "none of 3 windows holds a voice")
    store.missing.add(uri("lost"))
    enrolment.on_change("bo", artist("bo", "hum", "lost"))
    await enrolment.settle()
    assert enrolment.index.artists == frozenset()
    assert "no reference" in enrolment.unusable["bo"]


async def test_an_artist_waits_while_the_store_is_away_and_is_enrolled_later(
    enrolment: Enrolment, ears: ToldEars, store: NamedStore
) -> None:
    ears.holds[sha("bo-1")] = Singer(2).heard()
    store.away = True
    enrolment.on_change("bo", artist("bo", "bo-1"))
    await enrolment.settle()
    assert enrolment.unusable == {"bo": "not listened to yet"}
    store.away = False
    await enrolment.settle()
    assert enrolment.index.artists == {"bo"}
