"""The tracks that one account delivered, and what a voice finding says of each for one artist. Pure.

No event names the account at the distributor, so the credited name stands for it: what one distributor
delivers under one display artist, normalised, is one account. No voice is kept for this: everything is read
from findings that lie on Kafka.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.policy.inputs import FINGERPRINT, VOICE_MATCHER
from services.policy.names import normalised
from services.policy.together import STRONGEST, Heard
from shared.events import FindingRecorded, Outcome, TrackUploaded, Verdict
from shared.views.tracks import TrackView

SAME_RECORDING = 0.5
"""Share of a delivery from which a copy is the same recording; as in the default policy."""
PRIOR = 0.01
"""Share of accounts and artists taken to be one voice beforehand; the voice matcher's own for a track."""
_LISTED = frozenset({Verdict.MATCH, Verdict.POSSIBLE})
_MEASURED = _LISTED | {Verdict.NO_MATCH}
_RELEASED = frozenset({Outcome.PUBLISH, Outcome.LABEL})


def account_of(upload: TrackUploaded) -> str:
    """The account as a key that names nobody."""
    named = f"{upload.distributor_id}\n{normalised(upload.declaration.display_artist)}"
    return hashlib.sha256(named.encode()).hexdigest()


@dataclass(frozen=True)
class AccountEvidence:
    """What an account's tracks say of one artist, a recording counted once however often it came.

    ``finding_ids`` and ``track_ids`` are of the tracks in which the artist was at least possible.
    """

    heard: Sequence[Heard]
    cleared: int
    finding_ids: tuple[str, ...]
    track_ids: tuple[str, ...]


def evidence_about(artist_id: str, tracks: Iterable[TrackView]) -> AccountEvidence:
    """Read the tracks of an account for one artist; order and repeats change nothing.

    A track counts where its voice was measured. Where the artist is not listed, they were below ``possible``:
    an artist who was protected later has been listened for again by then. A track that a person released
    after the artist was possible in it counts like one without them.
    """
    known = {view.upload.track_id: view for view in tracks if view.upload is not None}
    measured = {track_id: voice for track_id, view in known.items() if (voice := _voice(view)) is not None}
    heard: list[Heard] = []
    cleared = 0
    for recording in _recordings([known[track_id] for track_id in measured]):
        odds = [_log_odds(measured[track_id], artist_id) for track_id in recording]
        said = [one for one in odds if one is not None]
        released = any(_released(known[track_id]) for track_id in recording)
        cleared += bool(said) and released
        heard.append(Heard(math.fsum(said) / len(said) if said and not released else None))
    listed = [voice for voice in measured.values() if _log_odds(voice, artist_id) is not None]
    return AccountEvidence(
        heard,
        cleared,
        finding_ids=tuple(sorted(voice.event_id for voice in listed)),
        track_ids=tuple(sorted(voice.track_id for voice in listed)),
    )


def _voice(view: TrackView) -> FindingRecorded | None:
    voice = view.finding(VOICE_MATCHER)
    if view.upload is None or voice is None or voice.verdict not in _MEASURED:
        return None
    return voice if voice.audio_sha256 == view.upload.audio.sha256 else None


def _log_odds(voice: FindingRecorded, artist_id: str) -> float | None:
    """How much more likely the finding is if the voice is the artist's; None where they are not listed.

    From the calibrated probability and the prior it was given at; at most what a track at the threshold of
    a match says, because one strong track is a match by itself and no pattern.
    """
    listed = [match for match in voice.matches if match.artist_id == artist_id and match.verdict in _LISTED]
    if not listed:
        return None
    prior = voice.measurements.get("prior", PRIOR)
    at_match = voice.measurements.get("match_probability")
    before = _logit(prior if isinstance(prior, float) else PRIOR)
    most = _logit(at_match) - before if isinstance(at_match, float) else STRONGEST
    return max(0.0, min(most, _logit(listed[0].probability) - before))


def _logit(probability: float) -> float:
    held = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(held / (1 - held))


def _released(view: TrackView) -> bool:
    standing = view.decision
    return standing is not None and not standing.automated and standing.outcome in _RELEASED


def _recordings(views: Sequence[TrackView]) -> list[list[str]]:
    """Track ids by recording: the same bytes, or found to be the same by fingerprint."""
    group: dict[str, str] = {}

    def root(name: str) -> str:
        while group.setdefault(name, name) != name:
            name = group[name]
        return name

    ids = [view.upload.track_id for view in views if view.upload is not None]
    for view in views:
        if view.upload is None:
            continue
        group[root(view.upload.track_id)] = root(view.upload.audio.sha256)
        copies = view.finding(FINGERPRINT)
        for copy in copies.copies if copies is not None else ():
            if copy.seconds >= SAME_RECORDING * view.upload.audio.seconds and copy.track_id in ids:
                group[root(view.upload.track_id)] = root(copy.track_id)
    found: dict[str, list[str]] = {}
    for track_id in ids:
        found.setdefault(root(track_id), []).append(track_id)
    return list(found.values())
