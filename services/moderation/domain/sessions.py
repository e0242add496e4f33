"""A reviewer's time at the desk between signing in and signing out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.moderation.domain.access import Reviewer


@dataclass(frozen=True)
class Session:
    """``csrf`` must come back with every change that a page asks for.

    ``reviewer`` is who the OpenID provider said this is; None in local mode, where a file says it each time.
    ``provider_token`` is the provider's ID token, with which it is told of the sign-out.
    """

    reviewer_id: str
    csrf: str
    until: datetime
    reviewer: Reviewer | None = None
    provider_token: str | None = None


@dataclass(frozen=True)
class Opened:
    """``secret`` goes into the cookie and is kept nowhere else. The cookie lasts as the session does."""

    session: Session
    secret: str
    lasts: timedelta
