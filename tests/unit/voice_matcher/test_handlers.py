"""An upload becomes exactly one finding that says what was measured and no more."""

import pytest

from services.voice_matcher.domain import NotHeard, Unheard
from services.voice_matcher.ears import Failing, Failure
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.handlers import TrackListener
from services.voice_matcher.index import VoiceIndex
from shared.clock import SetClock
from shared.events import FindingRecorded, Verdict
from shared.stream.outcome import Done, Retry
from shared.topics import FINDINGS
from tests.unit.voice_matcher.events import NOW, NamedStore, artist, sha, track, uri
from tests.unit.voice_matcher.voices import CALIBRATION, Singer, ToldEars, yardstick

ANNA, BO = Singer(1), Singer(2)


@pytest.fixture
def ears() -> ToldEars:
    return ToldEars({sha("anna-1"): ANNA.heard(), sha("bo-1"): BO.heard()})


@pytest.fixture
def store() -> NamedStore:
    return NamedStore()


@pytest.fixture
async def enrolment(ears: ToldEars, store: NamedStore) -> Enrolment:
    enrolment = Enrolment(ears, store, VoiceIndex(yardstick()))
    enrolment.on_change("anna", artist("anna", "anna-1"))
    enrolment.on_change("bo", artist("bo", "bo-1"))
    await enrolment.settle()
    return enrolment


@pytest.fixture
def listener(ears: ToldEars, store: NamedStore, enrolment: Enrolment) -> TrackListener:
    return TrackListener(
        ears, store, enrolment, SetClock(NOW), calibration=CALIBRATION, model_version="test-1"
    )


async def finding_of(listener: TrackListener) -> FindingRecorded:
    outcome = await listener.on_uploaded(track())
    assert isinstance(outcome, Done)
    (output,) = outcome.outputs
    assert output.topic is FINDINGS
    assert isinstance(output.event, FindingRecorded)
    return output.event


async def test_a_protected_voice_is_named_with_evidence(listener: TrackListener, ears: ToldEars) -> None:
    ears.holds[sha("song")] = ANNA.heard(seed=5)
    finding = await finding_of(listener)
    assert finding.verdict is Verdict.MATCH
    (match,) = finding.matches
    assert match.artist_id == "anna"
    assert match.score >= match.threshold == CALIBRATION.match
    assert match.passages
    assert match.passages[0].range.end > match.passages[0].range.start
    assert finding.seconds_measured == 18.0
    assert finding.model_version == "test-1"


async def test_a_stranger_is_listed_under_no_artist(listener: TrackListener, ears: ToldEars) -> None:
    ears.holds[sha("song")] = Singer(3).heard()
    finding = await finding_of(listener)
    assert finding.verdict is Verdict.NO_MATCH
    assert finding.matches == ()
    assert finding.score is not None
    assert finding.score < CALIBRATION.possible


@pytest.mark.parametrize(
    ("heard", "code"),
    [
        (NotHeard(Unheard.SILENT, "the level is under -60 dBFS"), "silent"),
        (NotHeard(Unheard.NO_VOICE, "none of 10 windows holds a voice"), "no_voice"),
        (NotHeard(Unheard.TOO_SHORT, "1.0 s of audio"), "too_short"),
    ],
)
async def test_without_a_measurable_voice_nothing_is_claimed(
    listener: TrackListener, ears: ToldEars, heard: NotHeard, code: str
) -> None:
    ears.holds[sha("song")] = heard
    finding = await finding_of(listener)
    assert finding.verdict is Verdict.NOT_MEASURED
    assert finding.measurements["not_measured_because"] == code
    assert finding.score is None
    assert finding.reason == f"{code}: {heard.detail}"


async def test_artists_who_could_not_be_searched_are_counted(
    listener: TrackListener, enrolment: Enrolment, ears: ToldEars
) -> None:
    enrolment.on_change("cy", artist("cy", "cy-1"))
    ears.holds[sha("song")] = BO.heard()
    finding = await finding_of(listener)
    assert finding.measurements["artists_searched"] == 2.0
    assert finding.measurements["artists_not_searched"] == 1.0


async def test_a_repeat_gives_the_same_finding(listener: TrackListener, ears: ToldEars) -> None:
    ears.holds[sha("song")] = ANNA.heard()
    assert await finding_of(listener) == await finding_of(listener)


async def test_a_voice_withdrawn_while_the_track_was_listened_to_is_not_named(
    listener: TrackListener, enrolment: Enrolment, ears: ToldEars, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears.holds[sha("song")] = ANNA.heard()
    listen = ears.listen

    async def listen_while_anna_withdraws(*args: object, **kwargs: object) -> object:
        enrolment.on_change("anna", None)
        return await listen(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(ears, "listen", listen_while_anna_withdraws)
    assert (await finding_of(listener)).matches == ()


async def test_audio_that_is_not_in_the_store_is_tried_again(
    listener: TrackListener, store: NamedStore
) -> None:
    store.missing.add(uri("song"))
    assert isinstance(await listener.on_uploaded(track()), Retry)


@pytest.mark.parametrize(
    "failure",
    [
        Failure(Failing.UNDECODABLE, "malformed: the frames do not fit"),
        Failure(Failing.OTHER_BYTES, "the stored bytes are not those that were announced"),
        Failure(Failing.CRASHED, "the process that listened to this file died twice"),
    ],
)
async def test_a_failure_is_an_error_and_never_a_missing_voice(
    listener: TrackListener, ears: ToldEars, failure: Failure
) -> None:
    ears.holds[sha("song")] = failure
    finding = await finding_of(listener)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason == f"{failure.kind.value}: {failure.detail}"
