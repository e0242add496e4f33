"""Wiring of the API and the page."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

import httpx
from fastapi import FastAPI
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from services.moderation.adapters.artists import RegistryArtists
from services.moderation.adapters.bulk_jobs import RedisJobs
from services.moderation.adapters.changes import QueueChanges
from services.moderation.adapters.link_key import LinkKey
from services.moderation.adapters.past import RedisPast
from services.moderation.adapters.peaks import DecodedWaveforms
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.adapters.reviewers import Reviewers, read_reviewers
from services.moderation.adapters.sessions import Sessions, SigningsIn
from services.moderation.adapters.tracks import ViewedTracks
from services.moderation.dashboards.wiring import Figures
from services.moderation.desk import Desk
from services.moderation.domain.access import Queues
from services.moderation.domain.grants import Grants
from services.moderation.listening import AudioLinks
from services.moderation.settings import ModerationApiSettings
from services.moderation.web.app import Parts, create_app
from services.moderation.web.office import Office
from services.moderation.web.provider_sign_in import Team
from shared.audit.file import AuditFile
from shared.clock import Clock, SystemClock
from shared.http import NotReady, Ready, probes, serve
from shared.logs import configure
from shared.objects.folder import FolderStore
from shared.openid.wiring import sign_in_there
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.views.redis_tracks import RedisTrackViews

_REDIS_SECONDS = 5.0
_CONNECTIONS = 32
_MOST_PAGES = 2000
_DELIVERY_SECONDS = 10.0
_PROVIDER_SECONDS = 5.0


def api_main(settings: ModerationApiSettings) -> int:
    configure(service="moderation", log_format=settings.log_format, level=settings.log_level)
    return serve(build_app(settings), settings.bind, settings.moderation_port, graceful_seconds=5)


def build_app(settings: ModerationApiSettings) -> FastAPI:
    """The app on real adapters.

    Raises:
        SettingsError: no reviewers to sign in, or a file that cannot be used.
    """
    clock = SystemClock()
    local = settings.moderation_sign_in == "local"
    reviewers = read_reviewers(settings.moderation_reviewers) if local else Reviewers(())
    audit = AuditFile(settings.moderation_audit, clock, setting="TRACKGATE_MODERATION_AUDIT")
    redis, watching = _waiting(settings.redis), _patient(settings.redis)
    publisher = ConfluentPublisher(
        settings.kafka, delivery_seconds=_DELIVERY_SECONDS, flush_seconds=_DELIVERY_SECONDS
    )
    queue = RedisQueue(redis, clock, lease=settings.lease, skip=settings.skip, undo=settings.undo)
    store = FolderStore(settings.store)
    artists = RegistryArtists(settings.kafka)

    http = httpx.AsyncClient(timeout=_PROVIDER_SECONDS, trust_env=False)

    figures = Figures(settings, redis, http, clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(audit.close)
            stack.push_async_callback(redis.aclose)
            stack.push_async_callback(watching.aclose)
            stack.push_async_callback(http.aclose)
            await stack.enter_async_context(publisher)
            await stack.enter_async_context(artists.reading())
            await stack.enter_async_context(figures.keeping())
            yield

    parts = Parts(
        office=Office(
            queue,
            Desk(queue, publisher, settings.label_codes),
            ViewedTracks(RedisTrackViews(redis)),
            audit,
        ),
        reviewers=reviewers,
        sessions=_sessions(settings, redis, clock),
        waveforms=DecodedWaveforms(redis, store),
        changes=QueueChanges(watching, queue.changes),
        store=store,
        labels=settings.moderation_labels,
        clock=clock,
        probes=probes({"redis": partial(_answers, queue)}),
        queues=Queues(settings.moderation_queues),
        jobs=RedisJobs(redis),
        bulk_undo=timedelta(seconds=settings.moderation_bulk_undo_seconds),
        team=None if local else _team(settings, http, SigningsIn(redis), clock),
        past=RedisPast(redis, queue),
        artists=artists,
        links=AudioLinks(clock, LinkKey(redis)),
        dashboards=figures.parts,
    )
    return create_app(parts, lifespan)


def _waiting(url: str) -> Redis:
    """A burst of requests waits for a connection instead of being refused one."""
    return Redis.from_pool(
        BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_REDIS_SECONDS,
            socket_timeout=_REDIS_SECONDS,
            socket_connect_timeout=_REDIS_SECONDS,
        )
    )


def _patient(url: str) -> Redis:
    """Each open page holds a connection, on which nothing may come for hours."""
    return Redis.from_url(url, max_connections=_MOST_PAGES, socket_connect_timeout=_REDIS_SECONDS)


def _sessions(settings: ModerationApiSettings, redis: Redis, clock: Clock) -> Sessions:
    return Sessions(
        redis,
        clock,
        lasts=timedelta(hours=settings.moderation_session_hours),
        idle=timedelta(minutes=settings.moderation_idle_minutes),
    )


async def _answers(queue: RedisQueue) -> Ready | NotReady:
    try:
        await queue.counts("")
    except (RedisError, OSError) as error:
        return NotReady(str(error))
    return Ready()


def _team(settings: ModerationApiSettings, http: httpx.AsyncClient, begun: SigningsIn, clock: Clock) -> Team:
    grants = Grants(
        settings.moderation_oidc_grants,
        groups_claim=settings.moderation_oidc_groups_claim,
        id_claim=settings.moderation_oidc_id_claim,
        name_claim=settings.moderation_oidc_name_claim,
    )
    return Team(sign_in_there(settings.provider, http, begun, clock), grants)
