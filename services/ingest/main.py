"""Composition root of ingest: serve the upload API, rebuild the views, or sweep the object store."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from fastapi import FastAPI
from redis.asyncio import Redis

from services.ingest.adapters.announcing import KafkaAnnouncer
from services.ingest.adapters.deliveries import RedisDeliveryLog
from services.ingest.adapters.distributors import RegisteredDistributors
from services.ingest.adapters.inspecting import SandboxedInspector
from services.ingest.adapters.reading import UploadReader
from services.ingest.adapters.redis_ledger import RedisLedger, RedisUploadViews
from services.ingest.checks import broker_check, redis_check, store_check
from services.ingest.endpoints import Endpoints
from services.ingest.handlers import Intake
from services.ingest.openapi import DESCRIPTION, TITLE
from services.ingest.portal.identity import PortalIdentity
from services.ingest.portal.pages import Portal, install_portal
from services.ingest.portal.rendering import portal_pages
from services.ingest.portal.sessions import RedisSessions
from services.ingest.portal.webhook_page import webhook_page_routes
from services.ingest.rebuild import rebuild
from services.ingest.routes.appeals import appeal_routes
from services.ingest.routes.caller import CallerIdentity
from services.ingest.routes.delivering import delivery_routes
from services.ingest.routes.tracks import track_routes
from services.ingest.routes.webhook import webhook_routes
from services.ingest.settings import IngestSettings
from services.ingest.sweep import LEAST_AGE, sweep
from shared import tracing
from shared.clock import SystemClock
from shared.errors import SystemicError, TrackgateError
from shared.events import DistributorRegistered, WebhookRegistered
from shared.http import TELEMETRY, SecurityHeaders, install_problem_handlers, probes, serve
from shared.logs import configure
from shared.objects.folder import FolderStore
from shared.objects.sweeping import FolderSweep
from shared.stream.compacted import CompactedTopic
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.replay import replay, whole
from shared.topics import DISTRIBUTORS, UPLOADS, WEBHOOKS
from shared.views.redis_deliveries import RedisDeliveries
from shared.views.redis_tracks import RedisTrackViews
from shared.webhooks.registering import Registering
from shared.webhooks.sealing import new_secret
from shared.webhooks.settings import load_seal

REDIS_SECONDS = 2.0


def build_app(settings: IngestSettings) -> FastAPI:
    """The app on real adapters. Its start waits until the registry of distributors is read."""
    clock = SystemClock()
    redis = Redis.from_url(settings.redis, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    watching = Redis.from_url(settings.redis, socket_connect_timeout=REDIS_SECONDS)
    store = FolderStore(settings.store)
    publisher = ConfluentPublisher(settings.kafka, delivery_seconds=settings.ingest_publish_seconds)
    distributors = CompactedTopic(DISTRIBUTORS, DistributorRegistered, settings.kafka)
    webhooks = CompactedTopic(WEBHOOKS, WebhookRegistered, settings.kafka)
    ledger = RedisLedger(redis, clock)
    intake = Intake(
        distributors=RegisteredDistributors(distributors.current),
        ledger=ledger,
        views=RedisUploadViews(RedisTrackViews(redis)),
        announcer=KafkaAnnouncer(publisher),
        audio=store,
        inspector=SandboxedInspector(settings.decode_limits, settings.ingest_decoders),
        clock=clock,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(redis.aclose)
            stack.push_async_callback(watching.aclose)
            await stack.enter_async_context(distributors)
            await stack.enter_async_context(webhooks)
            await stack.enter_async_context(publisher)
            yield

    app = FastAPI(
        telemetry=TELEMETRY,
        title=TITLE,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(SecurityHeaders)
    install_problem_handlers(app)
    reader = UploadReader(store, max_bytes=settings.ingest_max_bytes)
    sessions = RedisSessions(redis, clock)
    portal_identity = PortalIdentity(sessions, distributors.current)
    identity = CallerIdentity(intake, portal_identity)
    app.include_router(delivery_routes(identity, intake, reader))
    app.include_router(track_routes(identity, ledger, RedisTrackViews(watching)))
    appeals = RedisUploadViews(RedisTrackViews(redis))
    app.include_router(appeal_routes(identity, RedisTrackViews(watching), appeals, publisher, clock))
    deliveries = RedisDeliveryLog(RedisDeliveries(redis))
    endpoints = Endpoints(webhooks.current, deliveries, publisher, registering(settings), clock)
    app.include_router(webhook_routes(identity, endpoints))
    portal = Portal(
        intake=intake,
        identity=portal_identity,
        sessions=sessions,
        ledger=ledger,
        views=RedisTrackViews(redis),
        pages=portal_pages(),
    )
    install_portal(app, portal, webhook_page_routes(portal_identity, endpoints, portal.pages))
    checks = {
        "kafka": broker_check(settings.kafka),
        "redis": redis_check(redis),
        "store": store_check(settings.store, needs_bytes=settings.ingest_max_bytes),
    }
    app.include_router(probes(checks))
    return app


def registering(settings: IngestSettings) -> Registering | None:
    """None without a key: distributors then ask the platform to register their endpoints."""
    seal = load_seal(settings)
    return None if seal is None else Registering(seal, settings.webhook_allowed_hosts, new_secret)


async def rebuild_views(settings: IngestSettings) -> str:
    async with Redis.from_url(settings.redis) as redis:
        views = RedisUploadViews(RedisTrackViews(redis))
        rebuilt = await rebuild(replay(UPLOADS, settings.kafka), RedisLedger(redis, SystemClock()), views)
    return f"{rebuilt.deliveries} deliveries written into the views, {rebuilt.skipped} records skipped"


def sweep_store(settings: IngestSettings, *, hours: float, remove: bool) -> str:
    """Raises SystemicError: the topic lost records, and with them what they named."""
    if not whole(UPLOADS, settings.kafka):
        raise SystemicError(f"{UPLOADS.name} does not reach back to its beginning: nothing is swept")
    swept = sweep(
        FolderSweep(settings.store),
        lambda: replay(UPLOADS, settings.kafka),
        now=SystemClock().now(),
        age=timedelta(hours=hours),
        remove=remove,
    )
    verb = "removed" if remove else "would remove (say --remove)"
    return (
        f"{verb} {swept.objects} objects of {swept.bytes} bytes that belong to none of {swept.tracks} "
        f"tracks, and {swept.left_behind} parts of bodies that broke off"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.ingest", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["serve", "rebuild-views", "sweep"], default="serve")
    parser.add_argument("--remove", action="store_true", help="sweep: remove, and not only say what would go")
    parser.add_argument("--hours", type=_sweeping_age, default=24.0, help="sweep: only what is older (24)")
    given = parser.parse_args(arguments)
    command = given.command
    try:
        settings = IngestSettings.load()
        configure(service="ingest", log_format=settings.log_format, level=settings.log_level)
        tracing.configure("ingest")
        if command == "rebuild-views":
            sys.stdout.write(asyncio.run(rebuild_views(settings)) + "\n")
            return 0
        if command == "sweep":
            sys.stdout.write(sweep_store(settings, hours=given.hours, remove=given.remove) + "\n")
            return 0
        return serve(build_app(settings), settings.bind, settings.ingest_port)
    except TrackgateError as error:
        sys.stderr.write(f"ingest: {error}\n")
        return 2


def _sweeping_age(text: str) -> float:
    hours = float(text)
    if timedelta(hours=hours) < LEAST_AGE:
        raise argparse.ArgumentTypeError(f"no less than {LEAST_AGE}")
    return hours
