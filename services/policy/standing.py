"""How a delivery stands to a protected artist at a moment: protection, keys and grants in one record."""

from datetime import datetime

from services.policy.consent import Delivery, weigh, weigh_keys
from services.policy.facts import ArtistFacts
from services.policy.registry import Registry
from services.policy.vocabulary import Standing
from shared.events import ArtistStatus


def artist_facts(artist_id: str, registry: Registry, delivery: Delivery, at: datetime) -> ArtistFacts:
    artist = registry.artist(artist_id)
    consent = weigh(registry.grants_of(artist_id), delivery, at)
    keys = weigh_keys(registry.keys_of(artist_id), delivery, at)
    if artist is not None and artist.status is ArtistStatus.WITHDRAWN:
        standing = Standing.WITHDRAWN
    elif artist is not None and (
        delivery.distributor_id in artist.own_distributors or keys.standing is not None
    ):
        standing = Standing.OWN_DISTRIBUTOR
    elif artist is not None and consent.standing is not None:
        standing = Standing.LICENSED
    else:
        standing = Standing.UNAUTHORISED
    return ArtistFacts(
        artist_id=artist_id,
        name=artist.name if artist is not None else artist_id,
        standing=standing,
        grant=keys.standing or consent.standing,
        grants=(*keys.considered, *consent.considered),
        label_required=consent.standing.label_required if consent.standing else True,
    )
