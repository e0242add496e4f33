"""What became of each artist key that came with a delivery: told to whoever presented it. Pure."""

from collections.abc import Collection
from datetime import datetime

from services.policy.consent import Delivery, key_state
from services.policy.facts import PresentedKeyFacts
from services.policy.registry import Registry
from services.policy.vocabulary import GrantState


def presented_keys(
    delivery: Delivery, registry: Registry, pointed_at: Collection[str], at: datetime
) -> tuple[PresentedKeyFacts, ...]:
    """In the order of their digests. ``pointed_at`` are the artists who were recognised or credited."""
    return tuple(
        _judged(digest, delivery, registry, pointed_at, at)
        for digest in delivery.declaration.artist_keys_sha256
    )


def _judged(
    digest: str, delivery: Delivery, registry: Registry, pointed_at: Collection[str], at: datetime
) -> PresentedKeyFacts:
    key = registry.key_with(digest)
    if key is None:
        return PresentedKeyFacts(key_sha256=digest)
    state = key_state(key, delivery, at)
    artist = registry.artist(key.artist_id)
    return PresentedKeyFacts(
        key_sha256=digest,
        key_id=key.key_id,
        artist_id=key.artist_id,
        name=artist.name if artist is not None else key.artist_id,
        state=state,
        counts=state is GrantState.LIVE and key.artist_id in pointed_at,
    )
