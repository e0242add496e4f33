"""The detector that the documentation shows is a real one."""

from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import soundfile

from deploy.docs.examples import bandwidth_detector
from deploy.docs.examples.bandwidth_detector import THRESHOLD_HZ, BandwidthDetector, highest_frequency
from shared.clock import SetClock
from shared.events import FindingRecorded, Verdict
from shared.objects.folder import FolderStore
from shared.settings import WorkerSettings
from shared.stream.envelope import envelope
from shared.stream.handler import Subscription
from shared.stream.memory import MemoryBroker, consuming_in_memory
from shared.stream.wiring import Wiring
from shared.topics import FINDINGS, UPLOADS
from tests.support.events import A_TIME, an_upload

RATE = 44_100


def noise(seconds: float = 3.0):
    return np.random.default_rng(7).normal(0, 0.1, int(RATE * seconds)).astype(np.float32)


def low_passed(samples, hertz: float):
    spectrum = np.fft.rfft(samples)
    spectrum[int(hertz * len(samples) / RATE) :] = 0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


def test_it_is_as_short_as_the_documentation_says():
    lines = Path(bandwidth_detector.__file__).read_text().splitlines()
    assert len([line for line in lines if line.strip()]) < 60


def test_it_finds_where_a_low_pass_cut():
    assert abs(highest_frequency(low_passed(noise(), 15_000), RATE) - 15_000) < 100
    assert highest_frequency(noise(), RATE) > 21_000


async def finding_on(samples, tmp_path, *, codec: str = "flac") -> FindingRecorded:
    file = tmp_path / "track.flac"
    soundfile.write(file, samples, RATE)
    content = file.read_bytes()

    async def body():
        yield content

    store = FolderStore(tmp_path / "objects")
    stored = await store.put(body(), limit_bytes=1 << 30)
    upload = an_upload()
    audio = upload.audio.model_copy(update={"uri": stored.uri, "sha256": stored.sha256, "codec": codec})

    @asynccontextmanager
    async def wire(_publisher):
        yield Wiring((Subscription(UPLOADS, BandwidthDetector(store, SetClock(A_TIME)).on_uploaded),))

    broker = MemoryBroker()
    await broker.publish(envelope(UPLOADS, upload.model_copy(update={"audio": audio}), source="test"))
    async with consuming_in_memory(broker, "bandwidth", WorkerSettings(), wire):
        await broker.until_committed("bandwidth", UPLOADS.name, 1)
    (record,) = broker.records(FINDINGS.name)
    return FindingRecorded.from_bytes(record.value)


async def test_a_lossless_file_that_was_lossy_before_is_told(tmp_path):
    finding = await finding_on(low_passed(noise(), 15_000), tmp_path)
    assert finding.verdict is Verdict.POSSIBLE
    assert finding.score is not None
    assert finding.score < THRESHOLD_HZ


async def test_a_full_spectrum_is_not(tmp_path):
    assert (await finding_on(noise(), tmp_path)).verdict is Verdict.NOT_DETECTED


async def test_what_is_lossy_anyway_is_not_measured(tmp_path):
    assert (await finding_on(noise(), tmp_path, codec="mp3")).verdict is Verdict.NOT_MEASURED
