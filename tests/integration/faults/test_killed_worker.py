"""A worker is killed in the middle of a batch, Redis loses everything: nothing is lost or decided twice."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile
from confluent_kafka import Consumer, TopicPartition

from deploy.samples.manifest import load_manifest
from shared.events import AudioRef, DecisionMade, Event, FindingRecorded, Outcome, TrackUploaded
from shared.ids import deterministic_id
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import DECISIONS, FINDINGS, UPLOADS, Topic
from shared.views.redis_tracks import track_key
from tests.integration.faults.conftest import System, wait_until
from tests.support.events import an_upload

TRACKS = 24
SAMPLES = Path(__file__).parents[3] / "deploy" / "samples"


def a_reader(system: System) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": system.endpoints.bootstrap_servers,
            "group.id": str(uuid.uuid4()),
            "log_level": 3,
            "fetch.wait.max.ms": 20,
        }
    )


def read(system: System, topic: Topic):
    """Every event on a topic, in order of partition and offset."""
    reader = a_reader(system)
    events = []
    try:
        for partition in reader.list_topics(topic.name, timeout=10).topics[topic.name].partitions:
            low, high = reader.get_watermark_offsets(TopicPartition(topic.name, partition), timeout=10)
            reader.assign([TopicPartition(topic.name, partition, low)])
            for _ in range(high - low):
                got = reader.poll(10)
                assert got is not None
                events.append(topic.event.from_bytes(got.value()))
    finally:
        reader.close()
    return events


@contextmanager
def arrivals(system: System, topic: Topic) -> Iterator[Iterator[Event]]:
    """The events of a topic as they arrive; what already lies there comes first."""
    reader = a_reader(system)
    partitions = reader.list_topics(topic.name, timeout=10).topics[topic.name].partitions
    reader.assign([TopicPartition(topic.name, partition, 0) for partition in partitions])

    def events() -> Iterator[Event]:
        while True:
            got = reader.poll(60)
            assert got is not None, f"nothing more arrived on {topic.name}"
            yield topic.event.from_bytes(got.value())

    try:
        yield events()
    finally:
        reader.close()


@pytest.fixture(scope="module")
def batch(system: System, tmp_path_factory: pytest.TempPathFactory) -> list[TrackUploaded]:
    """Uploads of real recordings: excerpts of the samples, each its own track with its own bytes.

    Each is repeated to two minutes, so that a detector is busy with the batch for seconds.
    """
    folder = tmp_path_factory.mktemp("audio")
    recordings = [s for s in load_manifest().samples if s.file.endswith(".flac") and "refused" not in s.file]
    uploads = []
    for number in range(TRACKS):
        samples, rate = soundfile.read(
            SAMPLES / recordings[number % 4].file, start=number * 500, frames=44_100 * 11
        )
        samples = np.tile(samples, (11, 1) if samples.ndim == 2 else 11)
        file = folder / f"{number}.flac"
        soundfile.write(file, samples, rate)
        uri, sha256, size = system.keep(file)
        audio = AudioRef(
            uri=uri,
            sha256=sha256,
            bytes=size,
            container="flac",
            codec="flac",
            sample_rate=rate,
            channels=samples.ndim if samples.ndim == 1 else samples.shape[1],
            frames=len(samples),
        )
        now = datetime.now(UTC)
        uploads.append(
            an_upload(
                number,
                audio=audio,
                received_at=now,
                occurred_at=now,
                event_id=deterministic_id("batch", str(number)),
            )
        )
    return uploads


async def deliver(system: System, uploads: list[TrackUploaded]) -> None:
    async with ConfluentPublisher(system.endpoints.bootstrap_servers) as publisher:
        await asyncio.gather(*(publisher.publish(envelope(UPLOADS, u, source="test")) for u in uploads))


def standing(decisions: list[DecisionMade]) -> dict[str, DecisionMade]:
    highest: dict[str, DecisionMade] = {}
    for decision in sorted(decisions, key=lambda d: d.sequence):
        highest[decision.track_id] = decision
    return highest


@pytest.mark.timeout(480)
def test_every_track_is_decided_once_in_effect_though_a_worker_is_killed_in_the_middle(system, batch):
    system.start("policy", TRACKGATE_POLICY_DEADLINE_SECONDS="600")
    for service in ("voice_matcher", "fingerprints"):
        system.start(service)
    detectors = [system.start("ai_detector"), system.start("ai_detector")]
    wait_until(
        lambda: all(service.ready() for service in system.started), "the services are ready", seconds=180
    )

    with arrivals(system, FINDINGS) as findings:
        asyncio.run(deliver(system, batch))
        measured = (event for event in findings if event.detector == "ai_detector")
        assert len(list(islice(measured, 3))) == 3
        detectors[0].kill()
    measured_before = [f for f in read(system, FINDINGS) if f.detector == "ai_detector"]
    assert len(measured_before) < TRACKS, "the batch was over before the worker was killed"

    tracks = {upload.track_id for upload in batch}
    wait_until(
        lambda: set(standing(read(system, DECISIONS))) == tracks, "every track is decided", seconds=240
    )
    decisions: list[DecisionMade] = read(system, DECISIONS)
    by_place = {(d.track_id, d.sequence): d.event_id for d in decisions}
    assert all(by_place[d.track_id, d.sequence] == d.event_id for d in decisions)
    final = standing(decisions)
    assert Counter(len({d.event_id for d in decisions if d.track_id == t}) for t in tracks) == {1: TRACKS}
    assert all(d.outcome is not Outcome.QUARANTINE or d.reasons for d in final.values())
    assert all("missing" not in reason.code for d in final.values() for reason in d.reasons)
    findings: list[FindingRecorded] = read(system, FINDINGS)
    assert {(f.track_id, f.detector) for f in findings} == {
        (track, detector) for track in tracks for detector in ("ai_detector", "voice_matcher", "fingerprint")
    }


@pytest.mark.timeout(200)
def test_a_redis_that_lost_everything_is_rebuilt_from_kafka(system, batch):
    keys = [track_key(upload.track_id) for upload in batch]
    before = {key: system.redis.hgetall(key) for key in keys}
    assert all(len(fields) >= 4 for fields in before.values())
    system.redis.flushall()
    assert system.redis.hgetall(keys[0]) == {}

    rebuilt = system.start("policy")
    wait_until(rebuilt.ready, "a policy worker that found Redis empty is ready")
    wait_until(
        lambda: {key: system.redis.hgetall(key) for key in keys} == before, "the views are as they were"
    )
    assert len({d.event_id for d in read(system, DECISIONS)}) == TRACKS
