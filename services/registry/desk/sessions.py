"""Sessions of people at the pages, in memory: they end with the process. Of a secret the digest is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.registry.people import Person
from shared.clock import Clock

LASTS = timedelta(hours=12)
IDLE = timedelta(hours=1)
MOST = 1000
"""Sessions beyond which the one that was idle longest ends."""


@dataclass
class Session:
    """``token_sha256`` is that of the token that opened it: a replaced token ends it.

    ``told`` is who an OpenID provider said this is, ``provider_token`` its ID token, with which it is told of
    the sign-out; both None where a token of the registry opened the session.
    """

    person_id: str
    token_sha256: str | None
    csrf: str
    until: datetime
    seen: datetime
    told: Person | None = None
    provider_token: str | None = None


class Sessions:
    """Enough for the registry, which is one process; signing in again after a restart is no hardship."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Session] = {}

    def open(self, person: Person, *, provider_token: str | None = None) -> str:
        """The secret for the cookie."""
        now = self._clock.now()
        self._drop_old(now)
        secret = secrets.token_urlsafe(32)
        self._open[_digest(secret)] = Session(
            person.person_id,
            person.token_sha256,
            secrets.token_urlsafe(32),
            now + LASTS,
            now,
            told=person if provider_token is not None else None,
            provider_token=provider_token,
        )
        return secret

    def find(self, secret: str) -> Session | None:
        """The live session; using it keeps it from going idle."""
        now = self._clock.now()
        self._drop_old(now)
        session = self._open.get(_digest(secret))
        if session is not None:
            session.seen = now
        return session

    def close(self, secret: str) -> None:
        self._open.pop(_digest(secret), None)

    def _drop_old(self, now: datetime) -> None:
        for key, session in list(self._open.items()):
            if session.until <= now or session.seen + IDLE <= now:
                del self._open[key]
        while len(self._open) >= MOST:
            del self._open[min(self._open, key=lambda key: self._open[key].seen)]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
