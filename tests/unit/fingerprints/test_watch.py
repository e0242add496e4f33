"""What is said of a delivery, and of those that were there before, when a recording comes back."""

from datetime import timedelta

import numpy as np
import pytest

from services.fingerprints.domain import MOST_COPIES
from services.fingerprints.handlers import CopyWatch
from shared.clock import SetClock
from shared.events import FindingRecorded, Outcome, Sameness, TrackUploaded, Verdict
from shared.stream.outcome import Done, Retry
from tests.support.recordings import NOON, MemoryShelf, decision, sound, upload, worn

SONG = sound(1)
MP3 = worn(SONG, 0.05)


class World:
    """A watch that is told of events, and the last finding on each track."""

    def __init__(self) -> None:
        self.shelf = MemoryShelf()
        self.watch = CopyWatch(self.shelf, SetClock(NOON + timedelta(days=1)), cpu_seconds=lambda: 0.0)
        self.findings: dict[str, FindingRecorded] = {}

    async def delivered(self, *tracks: TrackUploaded) -> FindingRecorded:
        for track in tracks:
            self._keep(await self.watch.on_uploaded(track))
        return self.findings[tracks[-1].track_id]

    async def judged(self, track: TrackUploaded, outcome: Outcome, sequence: int = 2) -> None:
        self._keep(await self.watch.on_decision(decision(track, outcome, sequence)))

    def _keep(self, outcome: object) -> None:
        assert isinstance(outcome, Done)
        for output in outcome.outputs:
            assert isinstance(output.event, FindingRecorded)
            self.findings[output.event.track_id] = output.event

    def of(self, track: TrackUploaded) -> FindingRecorded:
        return self.findings[track.track_id]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_recording_that_nobody_delivered_before_has_no_match(world: World) -> None:
    finding = await world.delivered(upload("b", sound(2)), upload("a", SONG))
    assert finding.verdict is Verdict.NO_MATCH
    assert finding.copies == ()
    assert finding.seconds_measured == 60.0


async def test_a_removed_recording_is_recognised_under_another_name_from_another_distributor(
    world: World,
) -> None:
    original = upload("original", SONG)
    await world.delivered(original)
    await world.judged(original, Outcome.REJECT)
    finding = await world.delivered(
        upload("again", MP3, distributor="south", artist="Somebody Else", minutes=5)
    )
    assert finding.verdict is Verdict.MATCH_REMOVED
    (copy,) = finding.copies
    assert copy.track_id == original.track_id
    assert copy.removed
    assert copy.sameness is Sameness.SOUND
    assert copy.seconds > 40
    assert copy.bit_error_rate == pytest.approx(0.05, abs=0.02)
    assert finding.score == pytest.approx(1 - copy.bit_error_rate)
    assert finding.threshold is not None
    assert finding.score > finding.threshold
    assert finding.passages[0].range == copy.here
    assert original.track_id in (finding.passages[0].note or "")


async def test_a_removed_recording_is_recognised_from_the_same_distributor_as_well(world: World) -> None:
    original = upload("original", SONG)
    await world.delivered(original)
    await world.judged(original, Outcome.REJECT)
    assert (await world.delivered(upload("again", MP3, minutes=5))).verdict is Verdict.MATCH_REMOVED


async def test_what_another_distributor_delivered_before_is_a_duplicate(world: World) -> None:
    first, second = upload("first", SONG), upload("second", MP3, distributor="south", minutes=1)
    finding = await world.delivered(first, second)
    assert finding.verdict is Verdict.DUPLICATE_OF
    assert [copy.track_id for copy in finding.copies] == [first.track_id]
    assert finding.copies[0].same_claim
    assert world.of(first).verdict is Verdict.NO_MATCH


async def test_whose_a_duplicate_is_said_to_be_is_compared_by_artist_and_isrc(world: World) -> None:
    await world.delivered(upload("first", SONG, artist="Liva Norrfjell", isrc="SEABC2600001"))
    for name, artist, isrc, same in (
        ("case", "LIVA  NORRFJELL", None, True),
        ("isrc", "L. N.", "SEABC2600001", True),
        ("thief", "Somebody Else", "SEXYZ2600002", False),
    ):
        finding = await world.delivered(
            upload(name, MP3, distributor="south", artist=artist, isrc=isrc, minutes=9)
        )
        assert {c.same_claim for c in finding.copies if not c.same_distributor} == {same}, name


async def test_the_same_distributor_delivering_again_is_no_duplicate(world: World) -> None:
    finding = await world.delivered(upload("first", SONG), upload("corrected", MP3, minutes=1))
    assert finding.verdict is Verdict.NO_MATCH
    assert len(finding.copies) == 1


async def test_the_same_event_twice_says_the_same_twice(world: World) -> None:
    track = upload("first", SONG)
    once = await world.delivered(track)
    assert await world.delivered(track) == once


async def test_copies_that_were_published_are_reported_when_the_recording_is_removed(world: World) -> None:
    original, copy = upload("original", SONG), upload("copy", MP3, distributor="south", minutes=1)
    await world.delivered(original, copy, upload("other", sound(2), minutes=2))
    before = world.of(copy)
    await world.judged(original, Outcome.REJECT)
    assert world.of(copy).verdict is Verdict.MATCH_REMOVED
    assert world.of(copy).event_id != before.event_id
    assert world.of(original).verdict is Verdict.NO_MATCH


async def test_removing_a_stolen_copy_leaves_the_original_and_binds_the_thief(world: World) -> None:
    original = upload("original", SONG, artist="Liva")
    stolen = upload("stolen", MP3, distributor="south", artist="Thief", minutes=1)
    await world.delivered(original, stolen)
    await world.judged(stolen, Outcome.REJECT)
    assert world.of(original).verdict is Verdict.NO_MATCH
    assert world.of(original).copies[0].removed
    corrected = await world.delivered(upload("corrected", SONG, artist="Liva", minutes=5))
    assert corrected.verdict is Verdict.NO_MATCH
    again = await world.delivered(
        upload("again", worn(SONG, 0.03, seed=3), distributor="east", artist="Thief", minutes=9)
    )
    assert again.verdict is Verdict.MATCH_REMOVED
    once_more = await world.delivered(upload("third edition", MP3, artist="Liva", minutes=12))
    assert once_more.verdict is Verdict.NO_MATCH


async def test_delivering_a_removed_recording_often_does_not_make_it_stand(world: World) -> None:
    first, second = upload("first", SONG), upload("second", MP3, minutes=1)
    await world.delivered(first, second)
    await world.judged(first, Outcome.REJECT)
    assert world.of(second).verdict is Verdict.MATCH_REMOVED
    assert (await world.delivered(upload("third", SONG, minutes=2))).verdict is Verdict.MATCH_REMOVED


async def test_a_removal_that_is_taken_back_frees_the_copies(world: World) -> None:
    original, copy = upload("original", SONG), upload("copy", MP3, minutes=1)
    await world.delivered(original, copy)
    await world.judged(original, Outcome.REJECT, 2)
    await world.judged(original, Outcome.PUBLISH, 3)
    assert world.of(copy).verdict is Verdict.NO_MATCH
    assert (await world.delivered(upload("new", MP3, minutes=9))).verdict is Verdict.NO_MATCH


async def test_an_older_decision_that_comes_late_changes_nothing(world: World) -> None:
    original = upload("original", SONG)
    await world.delivered(original)
    await world.judged(original, Outcome.PUBLISH, 3)
    await world.judged(original, Outcome.REJECT, 2)
    assert (await world.delivered(upload("new", MP3, minutes=9))).verdict is Verdict.NO_MATCH


@pytest.mark.parametrize("outcome", [Outcome.PUBLISH, Outcome.LABEL, Outcome.QUARANTINE])
async def test_only_a_persons_refusal_removes(world: World, outcome: Outcome) -> None:
    original = upload("original", SONG)
    await world.delivered(original)
    await world.judged(original, outcome)
    assert (await world.delivered(upload("new", MP3, minutes=9))).verdict is Verdict.NO_MATCH


async def test_a_refusal_of_a_track_that_is_not_known_yet_waits_for_it(world: World) -> None:
    outcome = await world.watch.on_decision(decision(upload("original", SONG), Outcome.REJECT))
    assert isinstance(outcome, Retry)


async def test_the_later_of_two_is_the_duplicate_whichever_is_handled_first(world: World) -> None:
    first, second = upload("first", SONG), upload("second", MP3, distributor="south", minutes=1)
    await world.delivered(second, first)
    assert world.of(first).verdict is Verdict.NO_MATCH
    assert world.of(second).verdict is Verdict.DUPLICATE_OF


@pytest.mark.parametrize(
    ("same", "sameness"),
    [({"audio": "file"}, Sameness.FILE), ({"pcm": "samples"}, Sameness.SAMPLES)],
)
async def test_the_same_bytes_are_recognised_however_short_the_recording(
    world: World, same: dict[str, str], sameness: Sameness
) -> None:
    nothing = np.empty(0, np.uint32)
    first = upload("first", nothing, **same)
    await world.delivered(first)
    await world.judged(first, Outcome.REJECT)
    finding = await world.delivered(upload("again", nothing, distributor="south", minutes=1, **same))
    assert finding.verdict is Verdict.MATCH_REMOVED
    assert finding.copies[0].sameness is sameness


@pytest.mark.parametrize("heard", [None, np.empty(0, np.uint32)])
async def test_without_a_fingerprint_nothing_was_measured(world: World, heard: None) -> None:
    finding = await world.delivered(upload("old", heard))
    assert finding.verdict is Verdict.NOT_MEASURED
    assert finding.reason is not None
    assert finding.reason.startswith("no_fingerprint")


async def test_a_fingerprint_that_is_none_is_an_error_and_not_silence(world: World) -> None:
    track = upload("broken", SONG)
    assert track.fingerprint is not None
    broken = track.model_copy(
        update={"fingerprint": track.fingerprint.model_copy(update={"chromaprint": "AAAAAAAA"})}
    )
    assert (await world.delivered(broken)).verdict is Verdict.ERROR


async def test_among_many_copies_the_removed_one_is_named_first(world: World) -> None:
    for number in range(MOST_COPIES + 3):
        await world.delivered(upload(f"copy {number}", SONG, minutes=number))
    removed = upload("removed", SONG, minutes=99)
    await world.delivered(removed)
    await world.judged(removed, Outcome.REJECT)
    finding = await world.delivered(upload("again", MP3, distributor="south", minutes=200))
    assert len(finding.copies) == MOST_COPIES
    assert finding.copies[0].track_id == removed.track_id
    assert finding.measurements["copies"] > MOST_COPIES


async def test_a_part_of_a_removed_recording_is_recognised_with_its_place(world: World) -> None:
    original = upload("original", SONG)
    await world.delivered(original)
    await world.judged(original, Outcome.REJECT)
    part = np.concatenate([sound(8, 100), worn(SONG[100:300], 0.05)])
    (copy,) = (await world.delivered(upload("medley", part, minutes=1))).copies
    assert copy.here.start == pytest.approx(100 * 0.1238, abs=3.1)
    assert copy.there.start == pytest.approx(copy.here.start, abs=0.5)
