"""What the sweep takes from the object store, and what it never takes, whatever happens meanwhile."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sweep import LEAST_AGE, sweep
from shared.errors import SystemicError
from shared.objects.folder import FolderStore
from shared.objects.sweeping import FolderSweep
from tests.support.events import an_upload

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ANOTHER = an_upload(99).to_bytes()


def put(root: Path, number: int, at: datetime) -> str:
    """As FolderStore puts it: complete under another name, then moved over what is there."""
    content = f"audio {number}".encode()
    sha256 = hashlib.sha256(content).hexdigest()
    final = root / "sha256" / sha256[:2] / sha256[2:4] / sha256
    final.parent.mkdir(parents=True, exist_ok=True)
    new = root / "incoming" / f"new-{number}"
    new.write_bytes(content)
    os.utime(new, (at.timestamp(), at.timestamp()))
    new.replace(final)
    return sha256


def record(sha256: str) -> bytes:
    upload = an_upload(1)
    audio = upload.audio.model_copy(update={"uri": f"trackgate://sha256/{sha256}", "sha256": sha256})
    return upload.model_copy(update={"audio": audio}).to_bytes()


def lying(root: Path) -> set[str]:
    return {one.sha256 for one in FolderSweep(root).lying()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    FolderStore(tmp_path)
    return tmp_path


def test_what_no_track_names_goes_after_a_day(root: Path) -> None:
    orphan, track = put(root, 1, NOW - 2 * DAY), put(root, 2, NOW - 2 * DAY)
    young = put(root, 3, NOW - DAY / 2)
    swept = sweep(FolderSweep(root), lambda: [record(track)], now=NOW, age=DAY, remove=True)
    assert orphan not in lying(root)
    assert lying(root) == {track, young}
    assert (swept.objects, swept.bytes, swept.tracks) == (1, len(b"audio 1"), 1)


def test_without_the_word_it_only_counts(root: Path) -> None:
    orphan = put(root, 1, NOW - 2 * DAY)
    assert sweep(FolderSweep(root), lambda: [ANOTHER], now=NOW, age=DAY, remove=False).objects == 1
    assert lying(root) == {orphan}


def test_a_record_that_is_no_event_any_more_protects_its_audio(root: Path) -> None:
    track = put(root, 1, NOW - 2 * DAY)
    broken = b'{"schema": 0, "where": "trackgate://sha256/' + track.encode() + b'", '
    sweep(FolderSweep(root), lambda: [None, broken], now=NOW, age=DAY, remove=True)
    assert lying(root) == {track}


def test_a_topic_without_any_track_is_somebody_elses(root: Path) -> None:
    orphan = put(root, 1, NOW - 2 * DAY)
    with pytest.raises(SystemicError, match="another broker"):
        sweep(FolderSweep(root), list, now=NOW, age=DAY, remove=True)
    assert lying(root) == {orphan}


def test_an_age_within_which_a_delivery_may_still_be_going_on_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="no less"):
        sweep(FolderSweep(root), list, now=NOW, age=LEAST_AGE - timedelta(seconds=1), remove=True)


def test_parts_of_bodies_go_when_nothing_was_written_to_them_for_a_day(root: Path) -> None:
    for name, at in (("old", NOW - 2 * DAY), ("going-on", NOW)):
        (root / "incoming" / name).write_bytes(b"part")
        os.utime(root / "incoming" / name, (at.timestamp(), at.timestamp()))
    assert sweep(FolderSweep(root), list, now=NOW, age=DAY, remove=True).left_behind == 1
    assert [path.name for path in (root / "incoming").iterdir()] == ["going-on"]


def test_the_references_of_artists_are_not_looked_at(root: Path) -> None:
    room = root / "references" / "sha256" / "00" / "00"
    room.mkdir(parents=True)
    (room / ("0" * 64)).write_bytes(b"voice")
    sweep(FolderSweep(root), lambda: [ANOTHER], now=NOW, age=DAY, remove=True)
    assert (room / ("0" * 64)).exists()


def test_bytes_that_were_put_again_before_their_turn_stay(root: Path) -> None:
    again = put(root, 1, NOW - 2 * DAY)
    assert put(root, 1, NOW) == again
    assert not FolderSweep(root).remove(again, put_before=NOW - DAY)
    assert lying(root) == {again}


def test_what_a_sweep_that_was_cut_off_had_moved_aside_comes_back(root: Path) -> None:
    track = put(root, 1, NOW - 2 * DAY)
    (root / "leaving").mkdir()
    (root / "sha256" / track[:2] / track[2:4] / track).rename(root / "leaving" / track)
    sweep(FolderSweep(root), lambda: [record(track)], now=NOW, age=DAY, remove=True)
    assert lying(root) == {track}
    assert list((root / "leaving").iterdir()) == []


OBJECTS = st.lists(
    st.tuples(st.integers(0, 9), st.floats(0, 72), st.booleans(), st.booleans()),
    max_size=12,
    unique_by=lambda one: one[0],
)


@given(OBJECTS)
def test_no_track_and_nothing_young_ever_goes_and_nothing_else_stays(
    objects: list[tuple[int, float, bool, bool]],
) -> None:
    """Each: its bytes, its age in hours, whether a track names it, whether it is put again meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        FolderStore(root)
        kept, due = set(), set()
        for number, hours, named, again in objects:
            sha256 = put(root, number, NOW - timedelta(hours=hours))
            (kept if named or again or timedelta(hours=hours) <= DAY else due).add(sha256)

        def uploads() -> Iterator[bytes]:
            yield ANOTHER
            for number, _hours, named, again in objects:
                if again:
                    put(root, number, NOW)
                if named:
                    yield record(hashlib.sha256(f"audio {number}".encode()).hexdigest())

        swept = sweep(FolderSweep(root), uploads, now=NOW, age=DAY, remove=True)
        assert lying(root) == kept
        assert swept.objects == len(due)
