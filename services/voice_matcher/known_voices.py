"""Which of an artist's recordings make the templates, and what is known of them without listening."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from services.voice_matcher.domain import HeardVoice, ReferenceVoice
from services.voice_matcher.embedding import DIMENSIONS
from shared.events import EnrolmentProposed, ProtectedArtist, VoiceReference

MOST_REFERENCES = 8
"""More references than this in one group do not make its template better (measured up to 8)."""

Known = Mapping[str, ReferenceVoice | None]
"""Measured recordings by SHA-256; None: it was listened to and no voice is in it."""


def measured(reference: VoiceReference, heard: HeardVoice) -> ReferenceVoice:
    vectors = {network: heard.mean(network) for network in DIMENSIONS}
    return ReferenceVoice(reference.uri, reference.sha256, heard.seconds, vectors)


def used_of(artist: ProtectedArtist | EnrolmentProposed) -> list[VoiceReference]:
    """The recordings that make the artist's templates: the first of each group."""
    taken = Counter[str]()
    used = []
    for reference in artist.references:
        taken[reference.group] += 1
        if taken[reference.group] <= MOST_REFERENCES:
            used.append(reference)
    return used


def is_whole(artist: ProtectedArtist, known: Known) -> bool:
    return all(reference.sha256 in known for reference in used_of(artist))


def voices_of(artist: ProtectedArtist, known: Known) -> tuple[ReferenceVoice, ...]:
    """As the registry names and groups them now, whatever was said when they were measured."""
    measured = ((reference, known[reference.sha256]) for reference in used_of(artist))
    return tuple(
        replace(voice, uri=reference.uri, group=reference.group)
        for reference, voice in measured
        if voice is not None
    )
