"""Links to recordings that open one sound, of one case, for one session, for a few minutes.

A link is no right: whoever follows it must be signed in to the session it was made for, and must still be
allowed to hear the case at that moment. What it adds is that an address that leaks opens nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from shared.clock import Clock

RECORDING = "recording"
LASTS = timedelta(minutes=5)
_SALT = "trackgate.moderation.audio"


@dataclass(frozen=True)
class Sound:
    """What can be heard on a case page: the recording, or a reference recording of a matched artist."""

    case_id: str
    artist_id: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        return f"reference {self.artist_id} {self.number}" if self.artist_id else RECORDING


@dataclass(frozen=True)
class Listening:
    """A link that was followed in time by the session it was made for. ``link_id`` is new for each link."""

    sound: Sound
    link_id: str
    until: datetime


@dataclass(frozen=True)
class NotThisLink:
    """Forged, run out, or another session's: which one is told to nobody."""


async def _of_this_process() -> bytes:
    return _PROCESS_KEY


_PROCESS_KEY = secrets.token_bytes(32)


class AudioLinks:
    """``key`` gives the secret that all processes of the API share; by default it is this process's own."""

    def __init__(
        self,
        clock: Clock,
        key: Callable[[], Awaitable[bytes]] = _of_this_process,
        *,
        lasts: timedelta = LASTS,
    ) -> None:
        self._clock = clock
        self._key = key
        self._lasts = lasts

    async def to(self, sound: Sound, session: str) -> tuple[str, datetime]:
        """The link and when it ends.

        ``session`` is anything secret that only this session has; of it a digest goes into the link.
        """
        until = (self._clock.now() + self._lasts).replace(microsecond=0)
        claims = [
            sound.case_id,
            sound.artist_id,
            sound.number,
            _digest(session),
            int(until.timestamp()),
            secrets.token_hex(8),
        ]
        return str((await self._signer()).dumps(claims)), until

    async def follow(self, link: str, session: str) -> Listening | NotThisLink:
        try:
            claims = (await self._signer()).loads(link)
        except BadSignature:
            return NotThisLink()
        case_id, artist_id, number, made_for, until, link_id = claims
        ends = datetime.fromtimestamp(until, UTC)
        if ends <= self._clock.now() or not hmac.compare_digest(made_for, _digest(session)):
            return NotThisLink()
        return Listening(Sound(case_id, artist_id, number), link_id, ends)

    async def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(
            await self._key(), salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()[:32]
