"""A sign-in on its way to the provider and back."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from shared.clock import Clock

BEGUN_FOR = timedelta(minutes=10)
MOST_BEGUN = 1000


@dataclass(frozen=True)
class SigningIn:
    """A sign-in that was begun and not finished: what must come back from the provider, and where to go then.

    ``state`` ties the answer to the browser that asked, ``nonce`` the ID token to this sign-in, ``verifier``
    (PKCE) the code to whoever began.
    """

    state: str
    nonce: str
    verifier: str
    to: str

    @classmethod
    def new(cls, to: str) -> Self:
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        return cls(state, nonce, verifier, to)


class SigningsInHere:
    """Sign-ins under way, in the memory of a service that is one process. Each is taken once.

    Beyond ``MOST_BEGUN`` the oldest is dropped: who began it begins again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun: dict[str, tuple[datetime, SigningIn]] = {}

    async def begin(self, to: str) -> tuple[str, SigningIn]:
        """The secret for the browser's cookie, and what goes to the provider."""
        secret, begun = secrets.token_urlsafe(32), SigningIn.new(to)
        while len(self._begun) >= MOST_BEGUN:
            del self._begun[next(iter(self._begun))]
        self._begun[_digest(secret)] = (self._clock.now() + BEGUN_FOR, begun)
        return secret, begun

    async def take(self, secret: str) -> SigningIn | None:
        """None: never begun, too old, or taken before."""
        until, begun = self._begun.pop(_digest(secret), (None, None))
        return begun if until is not None and self._clock.now() < until else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
