"""An upload becomes exactly one finding, whatever its audio does; processes that die are answered for."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.adapters.process_pool import PooledMeter
from services.ai_detector.handlers import TrackMeasurer
from services.ai_detector.main import wire
from services.ai_detector.measurement import Measurement
from services.ai_detector.meter import Failing, Failure, Metered
from services.ai_detector.readout import Readout
from services.ai_detector.settings import DetectorSettings
from shared.clock import SetClock
from shared.errors import StoreUnavailable
from shared.events import AudioRef, FindingRecorded, TrackUploaded, Verdict
from shared.objects.folder import FolderStore
from shared.stream.memory import MemoryBroker
from shared.stream.outcome import Done, Outcome, Retry
from shared.topics import FINDINGS, UPLOADS
from tests.support.events import A_TIME, an_upload
from tests.unit.ai_detector.crashes import dies
from tests.unit.ai_detector.sounds import coloured_noise, with_teeth

RATE = 32_000
VERSION = Readout.load().version


class HereMeter:
    """The same work without a process of its own."""

    async def measure(self, path: Path, *, sha256: str | None) -> Metered:
        return measure_file(path, sha256)


class BrokenStore(FolderStore):
    def local_path(self, uri: str) -> Path:
        raise StoreUnavailable(f"the disk with {uri} is gone")


async def delivered(store: FolderStore, audio: bytes) -> TrackUploaded:
    async def chunks() -> AsyncIterator[bytes]:
        yield audio

    kept = await store.put(chunks(), limit_bytes=1 << 30)
    before = an_upload().audio
    after = AudioRef(**before.model_dump() | {"uri": kept.uri, "sha256": kept.sha256, "bytes": kept.bytes})
    return an_upload(audio=after)


def flac(pcm: np.ndarray, folder: Path) -> bytes:
    file = folder / "in.flac"
    soundfile.write(file, pcm, RATE)
    return file.read_bytes()


def measurer(store: FolderStore) -> TrackMeasurer:
    return TrackMeasurer(HereMeter(), store, SetClock(A_TIME), model_version=VERSION)


def the_finding(outcome: Outcome) -> FindingRecorded:
    assert isinstance(outcome, Done)
    (output,) = outcome.outputs
    assert output.topic is FINDINGS
    assert isinstance(output.event, FindingRecorded)
    return output.event


async def test_a_measured_track_gives_a_finding_with_its_evidence(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    track = await delivered(store, flac(with_teeth(coloured_noise(70, RATE), RATE, 200.0), tmp_path))
    found = the_finding(await measurer(store).on_uploaded(track))
    assert found.verdict is Verdict.LIKELY_GENERATED
    assert (found.track_id, found.audio_sha256) == (track.track_id, track.audio.sha256)
    assert found.model_version == VERSION
    assert found.score is not None
    assert found.threshold is not None
    assert found.score >= found.threshold
    assert found.probability is not None
    assert found.probability > 0.9
    assert found.measurements["spacing_hz"] == pytest.approx(200.0, rel=1e-3)
    assert "48000/240" in str(found.measurements["possible_decoders"])
    assert found.seconds_measured == pytest.approx(70.0, abs=1.0)
    assert found.cpu_seconds > 0
    assert [round(p.range.start) for p in found.passages] == list(range(0, 70, 10))
    assert all(p.verdict is not None and p.probability is not None for p in found.passages)


async def test_the_same_upload_gives_the_same_finding_id(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    track = await delivered(store, flac(coloured_noise(6, RATE), tmp_path))
    first = the_finding(await measurer(store).on_uploaded(track))
    second = the_finding(await measurer(store).on_uploaded(track))
    assert first.event_id == second.event_id


async def test_silence_is_not_measured_and_says_why(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    track = await delivered(store, flac(np.zeros((20 * RATE, 2)), tmp_path))
    found = the_finding(await measurer(store).on_uploaded(track))
    assert found.verdict is Verdict.NOT_MEASURED
    assert found.reason == "not measured: silent"
    assert found.score is None
    assert found.seconds_measured == 0.0


async def test_what_cannot_be_decoded_is_an_error_finding_and_not_silence(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    track = await delivered(store, b"RIFF this was never a recording")
    found = the_finding(await measurer(store).on_uploaded(track))
    assert found.verdict is Verdict.ERROR
    assert found.reason is not None
    assert found.reason.startswith("undecodable: ")
    assert found.probability is None


async def test_other_bytes_than_announced_are_an_error(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    track = await delivered(store, flac(coloured_noise(6, RATE), tmp_path))
    lied = track.model_copy(update={"audio": track.audio.model_copy(update={"sha256": "00" * 32})})
    found = the_finding(await measurer(store).on_uploaded(lied))
    assert found.verdict is Verdict.ERROR
    assert found.reason == "other_bytes: the stored bytes are not those that were announced"


async def test_audio_that_is_not_there_yet_is_tried_again(tmp_path: Path) -> None:
    outcome = await measurer(FolderStore(tmp_path)).on_uploaded(an_upload())
    assert isinstance(outcome, Retry)


async def test_an_outage_of_the_store_is_nobody_s_finding(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await measurer(BrokenStore(tmp_path)).on_uploaded(an_upload())


@pytest.mark.timeout(300)  # four spawned processes import SciPy, on a busy machine slowly
async def test_a_file_that_kills_its_process_is_answered_and_its_neighbour_is_measured(
    tmp_path: Path,
) -> None:
    sound = flac(coloured_noise(6, RATE), tmp_path)
    deadly, sane = tmp_path / "deadly", tmp_path / "sane"
    deadly.write_bytes(sound)
    sane.write_bytes(sound)
    digest = hashlib.sha256(sound).hexdigest()
    async with PooledMeter(1, dies) as meter:
        died, lived = await asyncio.gather(
            meter.measure(deadly, sha256=digest), meter.measure(sane, sha256=digest)
        )
        after = await meter.measure(sane, sha256=digest)
    assert isinstance(died.result, Failure)
    assert died.result.kind is Failing.CRASHED
    assert isinstance(lived.result, Measurement)
    assert isinstance(after.result, Measurement)


async def test_the_service_reads_uploads_and_starts_with_the_shipped_weights(tmp_path: Path) -> None:
    async with wire(DetectorSettings(store=tmp_path))(MemoryBroker()) as wiring:
        (uploads,) = [s for s in wiring.subscriptions if s.topic is UPLOADS]
        outcome = await uploads.handle(an_upload())
    assert isinstance(outcome, Retry)
