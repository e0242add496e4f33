"""Keys of the artists' voices, destroyed here and nowhere else; templates are seen and never opened."""

import asyncio
from collections.abc import Mapping

from services.registry.adapters.ledger import SOURCE
from shared.events import VoiceprintSealed
from shared.stream.message import Record
from shared.stream.publisher import Publisher
from shared.topics import VOICEPRINTS
from shared.voiceprints.settings import Vault


class VaultedVoiceprints:
    """``templates`` is the live topic. Without a vault there are no keys, and no templates to begin with."""

    def __init__(
        self, vault: Vault | None, templates: Mapping[str, VoiceprintSealed], publisher: Publisher
    ) -> None:
        self._vault = vault
        self._templates = templates
        self._publisher = publisher

    async def make_key(self, artist_id: str, *, by: str) -> None:
        if self._vault is None:
            return
        if await asyncio.to_thread(self._vault.keys.find, artist_id) is not None:
            return
        made = await asyncio.to_thread(self._vault.keys.make, artist_id)
        await self._vault.log.record("key_made", by=by, artist_id=artist_id, key_id=made.key_id)

    async def forget(self, artist_id: str, *, by: str) -> None:
        if self._vault is not None:
            destroyed = await asyncio.to_thread(self._vault.keys.destroy, artist_id)
            if destroyed:
                await self._vault.log.record("key_destroyed", by=by, artist_id=artist_id)
        if artist_id in self._templates:
            tombstone = Record(topic=VOICEPRINTS.name, key=artist_id.encode(), value=None)
            await self._publisher.publish(tombstone)
            if self._vault is not None:
                await self._vault.log.record("template_deleted", by=by, artist_id=artist_id, source=SOURCE)

    def has_template(self, artist_id: str) -> bool:
        return artist_id in self._templates
