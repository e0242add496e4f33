"""The registry's composition root."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from fastapi import FastAPI

from services.registry.adapters.checks import broker_check, store_check
from services.registry.adapters.keys import make_key
from services.registry.adapters.ledger import KafkaLedger
from services.registry.adapters.recordings import StoredRecordings
from services.registry.api import Registry, create_app
from services.registry.handlers import Artists, Distributors, Grants
from services.registry.settings import RegistrySettings, token_digest
from services.registry.webhooks import Webhooks
from shared import logs, tracing
from shared.clock import SystemClock
from shared.errors import SettingsError
from shared.events import ConsentGrant, DistributorRegistered, ProtectedArtist, WebhookRegistered
from shared.http import serve
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.topics import ARTISTS, DISTRIBUTORS, GRANTS, WEBHOOKS
from shared.webhooks.sealing import new_secret
from shared.webhooks.settings import load_seal

log = structlog.get_logger()


def build(settings: RegistrySettings) -> FastAPI:
    """The app, with everything it needs opened at start-up.

    Raises:
        SettingsError: a setting is wrong.
    """
    recordings = StoredRecordings(settings.store)
    clock = SystemClock()
    seal = load_seal(settings)

    @asynccontextmanager
    async def open_registry() -> AsyncIterator[Registry]:
        async with AsyncExitStack() as stack:
            publisher = await stack.enter_async_context(ConfluentPublisher(settings.kafka))
            artists = await stack.enter_async_context(
                KafkaLedger(ARTISTS, ProtectedArtist, settings.kafka, publisher)
            )
            grants = await stack.enter_async_context(
                KafkaLedger(GRANTS, ConsentGrant, settings.kafka, publisher)
            )
            distributors = await stack.enter_async_context(
                KafkaLedger(DISTRIBUTORS, DistributorRegistered, settings.kafka, publisher)
            )
            webhooks = await stack.enter_async_context(
                KafkaLedger(WEBHOOKS, WebhookRegistered, settings.kafka, publisher)
            )
            registry = Registry(
                artists=Artists(
                    artists, distributors, recordings, clock, limit_bytes=settings.registry_reference_limit
                ),
                grants=Grants(grants, artists, distributors, clock),
                distributors=Distributors(distributors, make_key, clock),
                webhooks=Webhooks(
                    webhooks,
                    distributors,
                    seal,
                    clock,
                    allowed_hosts=settings.webhook_allowed_hosts,
                    make_secret=new_secret,
                ),
                artist_ledger=artists,
                grant_ledger=grants,
                distributor_ledger=distributors,
                clock=clock,
            )
            if unfinished := await registry.artists.finish_withdrawals():
                log.info("finished withdrawals that were cut off", artists=unfinished)
            yield registry

    return create_app(
        open_registry,
        token_sha256=token_digest(settings),
        request_limit=settings.registry_request_limit,
        checks={"broker": broker_check(settings.kafka), "store": store_check(settings.store)},
    )


def main() -> int:
    try:
        settings = RegistrySettings.load()
        logs.configure(service="registry", log_format=settings.log_format, level=settings.log_level)
        tracing.configure("registry")
        return serve(build(settings), settings.bind, settings.registry_port)
    except SettingsError as error:
        sys.stderr.write(f"registry: {error}\n")
        return 2
