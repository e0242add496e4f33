"""A shelf in memory, and recordings that are made rather than delivered."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from services.fingerprints.domain import Recording
from services.fingerprints.ports import Shelved, Standing
from services.fingerprints.terms import Found, Words, words_of
from shared.events import (
    AcousticFingerprint,
    AudioRef,
    DecisionMade,
    Declaration,
    Outcome,
    Reason,
    TrackUploaded,
)
from shared.fingerprint import Subfingerprints, compress
from shared.ids import deterministic_id

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def sound(seed: int, moments: int = 400) -> Subfingerprints:
    """Neighbours that resemble each other, as in music: a few bits change at each moment."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 2**32, 1, dtype=np.uint32)
    bits = np.uint32(1) << rng.integers(0, 32, (moments, 3), dtype=np.uint32)
    changes = np.bitwise_or.reduce(bits, axis=1)
    changes[0] = first[0]
    return np.asarray(np.bitwise_xor.accumulate(changes), np.uint32)


def worn(made: Subfingerprints, share: float, seed: int = 0) -> Subfingerprints:
    """The same with a share of all bits turned over."""
    rng = np.random.default_rng(seed)
    turned = rng.random((len(made), 32)) < share
    return made ^ (turned @ (np.uint64(1) << np.arange(32, dtype=np.uint64))).astype(np.uint32)


def upload(
    name: str,
    heard: Subfingerprints | None,
    *,
    distributor: str = "north",
    minutes: float = 0.0,
    artist: str = "Liva",
    isrc: str | None = None,
    audio: str | None = None,
    pcm: str | None = None,
) -> TrackUploaded:
    """``name`` makes the ids; ``audio`` and ``pcm`` name bytes and samples, each track's own by default."""
    at = NOON + timedelta(minutes=minutes)

    def digest(text: str) -> str:
        return deterministic_id(text).replace("-", "").ljust(64, "0")

    return TrackUploaded(
        event_id=deterministic_id("upload", name),
        occurred_at=at,
        received_at=at,
        track_id=deterministic_id("track", name),
        distributor_id=distributor,
        declaration=Declaration(title=name, display_artist=artist, isrc=isrc),
        audio=AudioRef(
            uri=f"trackgate://{name}",
            sha256=digest(audio or f"audio {name}"),
            bytes=1000,
            container="flac",
            codec="flac",
            sample_rate=44_100,
            channels=2,
            frames=44_100 * 60,
        ),
        fingerprint=None if heard is None else fingerprint(heard, digest(pcm or f"pcm {name}")),
    )


def fingerprint(heard: Subfingerprints, pcm_sha256: str) -> AcousticFingerprint:
    text = base64.urlsafe_b64encode(compress(heard)).rstrip(b"=").decode()
    return AcousticFingerprint(chromaprint=text, pcm_sha256=pcm_sha256)


def decision(track: TrackUploaded, outcome: Outcome, sequence: int = 2) -> DecisionMade:
    return DecisionMade(
        event_id=deterministic_id("decision", track.track_id, str(sequence), outcome),
        occurred_at=NOON + timedelta(hours=1),
        track_id=track.track_id,
        audio_sha256=track.audio.sha256,
        sequence=sequence,
        outcome=outcome,
        reasons=(Reason(code="reviewed", text="A person decided."),),
        policy_version="default",
    )


@dataclass
class MemoryShelf:
    recordings: dict[str, Recording] = field(default_factory=dict)
    standings: dict[str, tuple[int, bool, bool]] = field(default_factory=dict)

    async def add(self, recording: Recording) -> None:
        self.recordings.setdefault(recording.track_id, recording)

    async def judged(self, track_id: str, sequence: int, *, removed: bool) -> Standing:
        known, was, ever = self.standings.get(track_id, (-1, False, False))
        now = (sequence, removed) if sequence >= known else (known, was)
        self.standings[track_id] = (*now, ever or removed)
        return Standing(removed=now[1], ever=ever or removed)

    async def keep_findable(self, recording: Recording) -> None:
        """Everything is."""

    async def load(self, track_ids: Collection[str]) -> Mapping[str, Shelved]:
        return {
            track_id: Shelved(self.recordings[track_id], self.standings.get(track_id, (0, False, False))[1])
            for track_id in track_ids
            if track_id in self.recordings
        }

    async def same_bytes(self, recording: Recording) -> frozenset[str]:
        return frozenset(
            other.track_id
            for other in self.recordings.values()
            if other.audio_sha256 == recording.audio_sha256
            or (recording.pcm_sha256 is not None and other.pcm_sha256 == recording.pcm_sha256)
        )

    async def find(self, words: Words) -> Found:
        here, number, there = [], [], []
        for index, other in enumerate(self.recordings.values()):
            theirs = words_of(other.sound if other.sound is not None else np.empty(0, np.uint32))
            _, mine, found = np.intersect1d(words.values, theirs.values, return_indices=True)
            here += words.positions[mine].tolist()
            there += theirs.positions[found].tolist()
            number += [index] * len(found)
        return Found(*(np.array(values, np.int64) for values in (here, number, there)))

    async def numbered(self, numbers: Collection[int]) -> Mapping[int, str]:
        names = list(self.recordings)
        return {number: names[number] for number in numbers}
