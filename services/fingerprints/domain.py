"""What a recording is here, when two tracks hold the same one, and what that makes of a delivery. Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.fingerprints.alignment import Alignment
from shared.events import Declaration, RecordingCopy, Sameness, TimeRange, TrackUploaded, Verdict
from shared.fingerprint import CompressionError, Subfingerprints, decompress

MOST_COPIES = 20
"""Copies that a finding names: removed ones first, then the earliest."""


@dataclass(frozen=True)
class Recording:
    """A track as far as it is needed to recognise its recording in another one.

    ``claims`` are what the delivery says whose it is, comparable: its artist and its ISRC. ``sound`` is None
    where no fingerprint was made, empty where the recording is shorter than three seconds.
    """

    track_id: str
    distributor_id: str
    delivered_at: datetime
    audio_sha256: str
    seconds: float
    claims: frozenset[str]
    pcm_sha256: str | None = None
    sound: Subfingerprints | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, upload: TrackUploaded) -> "Recording":
        """Raises CompressionError for a fingerprint that is none."""
        made = upload.fingerprint
        return cls(
            track_id=upload.track_id,
            distributor_id=upload.distributor_id,
            delivered_at=upload.received_at,
            audio_sha256=upload.audio.sha256,
            seconds=upload.audio.seconds,
            claims=_claims(upload.declaration),
            pcm_sha256=made.pcm_sha256 if made else None,
            sound=decompress(made.compressed) if made else None,
        )

    def before(self, other: "Recording") -> bool:
        return (self.delivered_at, self.track_id) < (other.delivered_at, other.track_id)


@dataclass(frozen=True)
class Candidate:
    """Another recording that may be the same, whether it was removed, and where it was found to agree."""

    recording: Recording
    removed: bool
    alignment: Alignment | None = None


def copy_of(recording: Recording, other: Candidate) -> RecordingCopy | None:
    """How ``other`` is the same recording, None if it is not: by its bytes, its samples, or its sound."""
    there, found = other.recording, other.alignment
    whole = TimeRange(start=0.0, end=recording.seconds)
    if there.audio_sha256 == recording.audio_sha256:
        sameness, at, from_there, seconds, rate = Sameness.FILE, whole, whole, recording.seconds, 0.0
    elif there.pcm_sha256 is not None and there.pcm_sha256 == recording.pcm_sha256:
        sameness, at, from_there, seconds, rate = Sameness.SAMPLES, whole, whole, recording.seconds, 0.0
    elif found is not None:
        sameness, at, from_there = Sameness.SOUND, _range(found.here), _range(found.there)
        seconds, rate = found.seconds, found.bit_error_rate
    else:
        return None
    return RecordingCopy(
        track_id=there.track_id,
        distributor_id=there.distributor_id,
        delivered_at=there.delivered_at,
        sameness=sameness,
        removed=other.removed,
        earlier=there.before(recording),
        same_distributor=there.distributor_id == recording.distributor_id,
        same_claim=bool(there.claims & recording.claims),
        here=at,
        there=from_there,
        seconds=seconds,
        bit_error_rate=rate,
    )


def weighed(copies: Sequence[RecordingCopy]) -> tuple[RecordingCopy, ...]:
    """All copies of a delivery, with those marked that came first.

    A distributor whose own delivery of the recording stands may deliver it again: copies that others made
    since, and what becomes of them, say nothing against it.
    """
    standing = [copy.delivered_at for copy in copies if copy.same_distributor and not copy.removed]
    since = min(standing, default=None)
    return tuple(
        copy.model_copy(update={"came_first": copy.earlier and (since is None or copy.delivered_at <= since)})
        for copy in copies
    )


def telling(copies: Sequence[RecordingCopy]) -> tuple[RecordingCopy, ...]:
    """Those that a finding names."""
    ordered = sorted(
        copies,
        key=lambda copy: (
            not (copy.removed and copy.came_first),
            not copy.removed,
            copy.delivered_at,
            copy.track_id,
        ),
    )
    return tuple(ordered[:MOST_COPIES])


def verdict_on(recording: Recording, copies: Sequence[RecordingCopy]) -> Verdict:
    """A removed recording weighs more than one that somebody else delivered before.

    What the same distributor delivered before is no duplicate: a corrected delivery is a track of its own.
    """
    if any(copy.removed and copy.came_first for copy in copies):
        return Verdict.MATCH_REMOVED
    if any(copy.came_first and not copy.removed and not copy.same_distributor for copy in copies):
        return Verdict.DUPLICATE_OF
    return Verdict.NO_MATCH if recording.sound is not None and recording.sound.size else Verdict.NOT_MEASURED


def _claims(declaration: Declaration) -> frozenset[str]:
    artist = unicodedata.normalize("NFKD", declaration.display_artist).casefold()
    letters = "".join(letter for letter in artist if letter.isalnum())
    return frozenset(
        claim
        for claim in (f"artist:{letters}" if letters else "", f"isrc:{declaration.isrc or ''}")
        if not claim.endswith(":") and claim
    )


def _range(seconds: tuple[float, float]) -> TimeRange:
    return TimeRange(start=seconds[0], end=seconds[1])


__all__ = ["Candidate", "CompressionError", "Recording", "copy_of", "telling", "verdict_on", "weighed"]
