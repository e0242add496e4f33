"""Who looks at the portal, and what they may do with the API by their session."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from services.ingest.portal.sessions import SessionStore
from shared.events import DistributorRegistered
from shared.http import Problem, ProblemError

COOKIE = "trackgate-portal"
CSRF_HEADER = "X-Trackgate-CSRF"
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class SignedIn:
    distributor: DistributorRegistered
    csrf: str
    secret: str


class PortalIdentity:
    """``distributors`` is live: whoever is barred, or was given a new key, is signed out at once."""

    def __init__(self, sessions: SessionStore, distributors: Mapping[str, DistributorRegistered]) -> None:
        self._sessions = sessions
        self._distributors = distributors

    async def find(self, request: Request) -> SignedIn | None:
        secret = request.cookies.get(COOKIE)
        session = await self._sessions.find(secret) if secret else None
        if session is None or secret is None:
            return None
        distributor = self._distributors.get(session.distributor_id)
        if distributor is None or not distributor.active:
            return None
        if not hmac.compare_digest(distributor.api_key_sha256, session.key_sha256):
            return None
        return SignedIn(distributor, session.csrf, secret)

    async def caller(self, request: Request) -> DistributorRegistered | None:
        """Who calls the API from a page of the portal; to change something takes the session's own header.

        Raises:
            ProblemError: signed in, and the header is missing or another's.
        """
        signed_in = await self.find(request)
        if signed_in is None:
            return None
        if request.method not in _READS:
            require_csrf(signed_in, request.headers.get(CSRF_HEADER, ""))
        return signed_in.distributor


def require_csrf(signed_in: SignedIn, given: str) -> None:
    if not hmac.compare_digest(given.encode(), signed_in.csrf.encode()):
        raise ProblemError(Problem.of("wrong-csrf", title="Load the page again and repeat", status=403))


def refuse_other_sites(request: Request) -> None:
    """Signing somebody in from another site would show its owner what they then upload."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    if site not in {"same-origin", "none"} or foreign:
        raise ProblemError(Problem.of("other-site", title="Sign in on the sign-in page", status=403))
