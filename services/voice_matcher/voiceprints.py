"""Voice templates at rest: written sealed for all workers, opened into memory, every use of one logged.

A template is a list of measured references. It goes to the topic only under the artist's own key; without a
key it stays in the memory of the worker that measured it.
"""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.voice_matcher.domain import ReferenceVoice
from services.voice_matcher.embedding import DIMENSIONS
from services.voice_matcher.fbank import Floats
from services.voice_matcher.finding import DETECTOR
from shared.clock import Clock
from shared.events import ProtectedArtist, VoiceprintSealed
from shared.ids import deterministic_id
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import VOICEPRINTS
from shared.voiceprints.sealing import Unopened, seal, unseal
from shared.voiceprints.settings import Vault


@dataclass(frozen=True)
class Kept:
    """Acknowledged by the broker."""


@dataclass(frozen=True)
class NoKey:
    """The artist has none: not made yet, or destroyed because the artist withdrew."""


class Voiceprints:
    """Every method may raise SystemicError: the folder of keys, the access log or the broker is away."""

    def __init__(self, vault: Vault, publisher: Publisher, clock: Clock, *, model_version: str) -> None:
        self._vault = vault
        self._publisher = publisher
        self._clock = clock
        self._model_version = model_version

    def fits(self, sealed: VoiceprintSealed) -> bool:
        """Whether it was measured by the models that measure here."""
        return sealed.model_version == self._model_version

    async def keep(
        self, artist: ProtectedArtist, listened_to: Sequence[str], voices: Sequence[ReferenceVoice]
    ) -> Kept | NoKey:
        """Seal and publish what was measured. ``listened_to``: all recordings, also those without a voice."""
        key = await asyncio.to_thread(self._vault.keys.find, artist.artist_id)
        if key is None:
            return NoKey()
        references = tuple(listened_to)
        bound_to = (artist.artist_id, key.key_id, self._model_version, *references)
        await self._log("template_sealed", artist.artist_id, key.key_id)
        event = VoiceprintSealed(
            event_id=deterministic_id("voiceprint", *bound_to),
            occurred_at=self._clock.now(),
            artist_id=artist.artist_id,
            model_version=self._model_version,
            key_id=key.key_id,
            references=references,
            sealed=seal(key.key, _written(voices), *bound_to),
        )
        await self._publisher.publish(envelope(VOICEPRINTS, event, source=DETECTOR))
        return Kept()

    async def recall(self, event: VoiceprintSealed) -> tuple[ReferenceVoice, ...] | NoKey | Unopened:
        """Open a template of these models. The access is in the log before it happens."""
        key = await asyncio.to_thread(self._vault.keys.find, event.artist_id)
        if key is None or key.key_id != event.key_id:
            return NoKey()
        await self._log("template_opened", event.artist_id, key.key_id)
        bound_to = (event.artist_id, event.key_id, event.model_version, *event.references)
        content = unseal(key.key, event.sealed, *bound_to)
        return content if isinstance(content, Unopened) else _read(content)

    async def note_comparison(self, artist_id: str, compared_with: int) -> None:
        """A proposed voice is about to be compared with everybody's, to show how well it is told apart."""
        await self._vault.log.record(
            "compared_for_a_proposal", by=DETECTOR, artist_id=artist_id, templates=compared_with
        )

    async def _log(self, deed: str, artist_id: str, key_id: str) -> None:
        await self._vault.log.record(deed, by=DETECTOR, artist_id=artist_id, key_id=key_id)


def _written(voices: Sequence[ReferenceVoice]) -> bytes:
    return json.dumps(
        [
            {
                "uri": voice.uri,
                "sha256": voice.sha256,
                "seconds": voice.seconds,
                "vectors": {network: _text(vector) for network, vector in voice.vectors.items()},
            }
            for voice in voices
        ]
    ).encode()


def _read(content: bytes) -> tuple[ReferenceVoice, ...] | Unopened:
    """Only what ``_written`` wrote opens at all, so that anything else is an older or newer shape."""
    try:
        return tuple(
            ReferenceVoice(
                str(one["uri"]),
                str(one["sha256"]),
                float(one["seconds"]),
                {network: _vector(one["vectors"][network], size) for network, size in DIMENSIONS.items()},
            )
            for one in json.loads(content)
        )
    except (ValueError, KeyError, TypeError) as error:
        return Unopened(f"not a template as this version writes it: {type(error).__name__}")


def _text(vector: Floats) -> str:
    return base64.b64encode(np.ascontiguousarray(vector, "<f4").tobytes()).decode()


def _vector(text: str, size: int) -> Floats:
    vector = np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
    if vector.shape != (size,):
        raise ValueError("a vector of another length")
    return vector
