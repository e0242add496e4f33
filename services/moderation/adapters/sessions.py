"""Sessions of signed-in reviewers, in Redis. The cookie's secret is kept as its SHA-256 only."""

import hashlib
import secrets
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.moderation.domain.access import Reviewer
from services.moderation.domain.sessions import Opened, Session
from shared.clock import Clock
from shared.errors import SystemicError
from shared.openid.signing_in import BEGUN_FOR, SigningIn

_PREFIX = "trackgate:moderation-session:"
_BEGUN_PREFIX = "trackgate:moderation-signing-in:"
_SESSION = TypeAdapter(Session)
_SIGNING_IN = TypeAdapter(SigningIn)


class Sessions:
    """End at a fixed time (``lasts``), and before it when nobody has used them for ``idle``.

    Raises:
        SystemicError: from every method, when Redis does not answer.
    """

    def __init__(self, client: Redis, clock: Clock, *, lasts: timedelta, idle: timedelta) -> None:
        self._client = client
        self._clock = clock
        self._lasts = lasts
        self._idle = idle

    async def open(self, reviewer: Reviewer, *, provider_token: str | None = None) -> Opened:
        """``provider_token`` marks a person of an OpenID provider: the session then says who they are."""
        secret = secrets.token_urlsafe(32)
        session = Session(
            reviewer.reviewer_id,
            secrets.token_urlsafe(32),
            self._clock.now() + self._lasts,
            reviewer if provider_token is not None else None,
            provider_token,
        )
        value = _SESSION.dump_json(session)
        try:
            await self._client.set(_key(secret), value, ex=self._idle)
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        return Opened(session, secret, self._lasts)

    async def find(self, secret: str) -> Session | None:
        """The live session; using it keeps it from going idle."""
        try:
            value = await self._client.getex(_key(secret), ex=self._idle)
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        if value is None:
            return None
        try:
            session = _SESSION.validate_json(value)
        except ValidationError:
            await self.close(secret)  # kept by another version of this service: sign in again
            return None
        if session.until <= self._clock.now():
            await self.close(secret)
            return None
        return session

    async def close(self, secret: str) -> None:
        try:
            await self._client.delete(_key(secret))
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error


class SigningsIn:
    """Sign-ins under way at an OpenID provider, for ten minutes. Each is taken once.

    Raises:
        SystemicError: from every method, when Redis does not answer.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def begin(self, to: str) -> tuple[str, SigningIn]:
        """The secret for the browser's cookie, and what goes to the provider."""
        secret, begun = secrets.token_urlsafe(32), SigningIn.new(to)
        try:
            await self._client.set(_key(secret, _BEGUN_PREFIX), _SIGNING_IN.dump_json(begun), ex=BEGUN_FOR)
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        return secret, begun

    async def take(self, secret: str) -> SigningIn | None:
        """None: never begun, too old, or taken before."""
        try:
            value = await self._client.getdel(_key(secret, _BEGUN_PREFIX))
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        return None if value is None else _SIGNING_IN.validate_json(value)


def _key(secret: str, prefix: str = _PREFIX) -> str:
    return prefix + hashlib.sha256(secret.encode()).hexdigest()
