"""Sessions of signed-in distributors, in Redis. Of the cookie's secret only its SHA-256 is kept."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.ingest.ports import LedgerUnavailable
from shared.clock import Clock
from shared.events import DistributorRegistered

LASTS = timedelta(hours=12)
IDLE = timedelta(hours=2)


@dataclass(frozen=True)
class Session:
    """``key_sha256`` is the digest of the API key that opened it: a replaced key ends it."""

    distributor_id: str
    key_sha256: str
    csrf: str
    until: datetime


class SessionStore(Protocol):
    """Every method may raise LedgerUnavailable."""

    async def open(self, distributor: DistributorRegistered) -> str:
        """The secret for the cookie."""
        ...

    async def find(self, secret: str) -> Session | None: ...

    async def close(self, secret: str) -> None: ...


class RedisSessions:
    """End at a fixed time, and before it when nobody uses them."""

    def __init__(self, client: Redis, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def open(self, distributor: DistributorRegistered) -> str:
        secret = secrets.token_urlsafe(32)
        kept = {
            "distributor_id": distributor.distributor_id,
            "key_sha256": distributor.api_key_sha256,
            "csrf": secrets.token_urlsafe(32),
            "until": (self._clock.now() + LASTS).isoformat(),
        }
        try:
            await self._client.set(_key(secret), json.dumps(kept), ex=IDLE)
        except (RedisError, OSError) as error:
            raise LedgerUnavailable(f"Redis: {error}") from error
        return secret

    async def find(self, secret: str) -> Session | None:
        try:
            value = await self._client.getex(_key(secret), ex=IDLE)
        except (RedisError, OSError) as error:
            raise LedgerUnavailable(f"Redis: {error}") from error
        if value is None:
            return None
        kept = json.loads(value)
        session = Session(
            kept["distributor_id"], kept["key_sha256"], kept["csrf"], datetime.fromisoformat(kept["until"])
        )
        return session if session.until > self._clock.now() else None

    async def close(self, secret: str) -> None:
        try:
            await self._client.delete(_key(secret))
        except (RedisError, OSError) as error:
            raise LedgerUnavailable(f"Redis: {error}") from error


def _key(secret: str) -> str:
    return f"trackgate:portal-session:{hashlib.sha256(secret.encode()).hexdigest()}"
