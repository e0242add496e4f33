"""The registry's composition root."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx
import structlog
from fastapi import FastAPI

from services.registry.adapters.checks import broker_check, store_check
from services.registry.adapters.keys import make_artist_key, make_key
from services.registry.adapters.ledger import KafkaLedger
from services.registry.adapters.people import People
from services.registry.adapters.recordings import StoredRecordings
from services.registry.adapters.voiceprints import VaultedVoiceprints
from services.registry.admission import Admission
from services.registry.api import Team, create_app
from services.registry.artist_keys import ArtistKeys
from services.registry.artists import Artists
from services.registry.commands import parser, run
from services.registry.handlers import Distributors, Grants
from services.registry.routes.answering import Registry
from services.registry.settings import RegistrySettings, token_digest
from services.registry.webhooks import Webhooks
from shared import logs, tracing
from shared.clock import Clock, SystemClock
from shared.errors import TrackgateError
from shared.events import (
    ArtistKeyGiven,
    ConsentGrant,
    DistributorRegistered,
    EnrolmentProposed,
    Event,
    ProtectedArtist,
    ReferencesChecked,
    VoiceprintSealed,
    WebhookRegistered,
)
from shared.http import serve
from shared.openid.signing_in import SigningsInHere
from shared.openid.wiring import sign_in_there
from shared.stream.compacted import CompactedTopic
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.topics import (
    ARTIST_KEYS,
    ARTISTS,
    CHECKS,
    DISTRIBUTORS,
    GRANTS,
    PROPOSALS,
    VOICEPRINTS,
    WEBHOOKS,
    Topic,
)
from shared.voiceprints.settings import Vault, load_vault
from shared.webhooks.sealing import Seal, new_secret
from shared.webhooks.settings import load_seal

log = structlog.get_logger()
_PROVIDER_SECONDS = 10.0
E = TypeVar("E", bound=Event)


def build(settings: RegistrySettings) -> FastAPI:
    """The app, with everything it needs opened at start-up.

    Raises:
        SettingsError: a setting is wrong.
    """
    clock = SystemClock()
    parts = _Parts(
        settings, clock, StoredRecordings(settings.store), load_vault(settings, clock), load_seal(settings)
    )
    people = People(settings.registry_people, token_sha256=token_digest(settings))
    http = httpx.AsyncClient(timeout=_PROVIDER_SECONDS, trust_env=False)

    @asynccontextmanager
    async def open_registry() -> AsyncIterator[Registry]:
        async with http, _opened(parts) as registry:
            await _finish_withdrawals(registry.artists)
            yield registry

    return create_app(
        open_registry,
        people=people,
        clock=clock,
        request_limit=settings.registry_request_limit,
        checks={"broker": broker_check(settings.kafka), "store": store_check(settings.store)},
        team=None if settings.registry_sign_in == "tokens" else _team(settings, http, clock),
    )


@dataclass(frozen=True)
class _Parts:
    """What is made before anything is opened."""

    settings: RegistrySettings
    clock: Clock
    recordings: StoredRecordings
    vault: Vault | None
    seal: Seal | None


@asynccontextmanager
async def _opened(parts: _Parts) -> AsyncIterator[Registry]:
    """The registry as it stands on the broker; its topics are followed until the end."""
    settings, clock = parts.settings, parts.clock
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(ConfluentPublisher(settings.kafka))

        async def ledger(topic: Topic, event: type[E]) -> KafkaLedger[E]:
            return await stack.enter_async_context(KafkaLedger(topic, event, settings.kafka, publisher))

        async def followed(topic: Topic, event: type[E]) -> Mapping[str, E]:
            read = await stack.enter_async_context(CompactedTopic(topic, event, settings.kafka))
            return read.current

        artist_ledger = await ledger(ARTISTS, ProtectedArtist)
        proposals = await ledger(PROPOSALS, EnrolmentProposed)
        grants = await ledger(GRANTS, ConsentGrant)
        distributors = await ledger(DISTRIBUTORS, DistributorRegistered)
        keys = await ledger(ARTIST_KEYS, ArtistKeyGiven)
        endpoints = await ledger(WEBHOOKS, WebhookRegistered)
        checks = await followed(CHECKS, ReferencesChecked)
        templates = await followed(VOICEPRINTS, VoiceprintSealed)
        artists = Artists(
            artist_ledger,
            proposals,
            checks,
            distributors,
            parts.recordings,
            VaultedVoiceprints(parts.vault, templates, publisher),
            clock,
            limit_bytes=settings.registry_reference_limit,
        )
        webhooks = Webhooks(
            endpoints,
            distributors,
            parts.seal,
            clock,
            allowed_hosts=settings.webhook_allowed_hosts,
            make_secret=new_secret,
        )
        yield Registry(
            artists=artists,
            grants=Grants(grants, artist_ledger, distributors, clock),
            distributors=Distributors(distributors, make_key, clock),
            webhooks=webhooks,
            artist_keys=ArtistKeys(keys, artist_ledger, distributors, make_artist_key, clock),
            artist_ledger=artist_ledger,
            proposal_ledger=proposals,
            grant_ledger=grants,
            distributor_ledger=distributors,
            templates=templates,
            clock=clock,
        )


async def _finish_withdrawals(artists: Artists) -> None:
    cut_off = await artists.finish_what_was_cut_off()
    if cut_off.finished:
        log.info("finished withdrawals that were cut off", artists=cut_off.finished)
    if cut_off.elsewhere:
        log.error(
            "recordings of withdrawn artists lie in another store: remove them there",
            artists=cut_off.elsewhere,
        )


def _team(settings: RegistrySettings, http: httpx.AsyncClient, clock: Clock) -> Team:
    admission = Admission(
        settings.registry_oidc_grants,
        groups_claim=settings.registry_oidc_groups_claim,
        id_claim=settings.registry_oidc_id_claim,
        name_claim=settings.registry_oidc_name_claim,
    )
    return Team(sign_in_there(settings.provider, http, SigningsInHere(clock), clock), admission)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or do what a command says; the exit status."""
    given = parser().parse_args(arguments)
    try:
        settings = RegistrySettings.load()
        if given.command is not None:
            return run(given, settings)
        logs.configure(service="registry", log_format=settings.log_format, level=settings.log_level)
        tracing.configure("registry")
        return serve(build(settings), settings.bind, settings.registry_port)
    except TrackgateError as error:
        sys.stderr.write(f"registry: {error}\n")
        return 2
