"""Who is asking: a Bearer token or a session cookie, and what that person may do."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request

from services.moderation.adapters.reviewers import Reviewers
from services.moderation.domain.access import Reviewer, Right
from services.moderation.domain.sessions import Opened, Session
from shared.http import Problem, ProblemError

COOKIE = "trackgate_moderation"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class SignedIn:
    """``session`` is None for a Bearer token, which no browser sends by itself and so needs no CSRF token."""

    reviewer: Reviewer
    session: Session | None


class SessionStore(Protocol):
    async def open(self, reviewer_id: str) -> Opened: ...

    async def find(self, secret: str) -> Session | None:
        """The live session; using it keeps it from going idle."""
        ...

    async def close(self, secret: str) -> None: ...


class Identity:
    def __init__(self, reviewers: Reviewers, sessions: SessionStore) -> None:
        self._reviewers = reviewers
        self._sessions = sessions

    async def find(self, request: Request) -> SignedIn | None:
        """The person behind a request, without a look at what they ask for. None: nobody we know."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            reviewer = self._reviewers.holding(token.strip())
            return SignedIn(reviewer, None) if reviewer else None
        secret = request.cookies.get(COOKIE)
        session = await self._sessions.find(secret) if secret else None
        reviewer = self._reviewers.named(session.reviewer_id) if session else None
        return SignedIn(reviewer, session) if reviewer else None

    def allowed(self, right: Right) -> Callable[[Request], Awaitable[SignedIn]]:
        """A dependency for API routes: signed in, CSRF token with a cookie, and holding ``right``."""

        async def check(request: Request) -> SignedIn:
            signed_in = await self.find(request)
            if signed_in is None:
                raise ProblemError(
                    Problem.of("not-signed-in", title="Sign in first", status=401),
                    {"WWW-Authenticate": 'Bearer realm="trackgate moderation"'},
                )
            if request.method not in _SAFE:
                require_csrf(signed_in, request.headers.get(CSRF_HEADER, ""))
            require(signed_in.reviewer, right)
            return signed_in

        return check


def require(reviewer: Reviewer, right: Right) -> None:
    if not reviewer.may(right):
        raise ProblemError(
            Problem.of(
                "not-allowed",
                title="Your role does not allow this",
                status=403,
                detail=f"The role {reviewer.role} lacks the right to {right.value.replace('_', ' ')}.",
            )
        )


def require_csrf(signed_in: SignedIn, given: str) -> None:
    session = signed_in.session
    if session is not None and not hmac.compare_digest(session.csrf.encode(), given.encode()):
        raise ProblemError(
            Problem.of(
                "csrf",
                title="This request did not come from the moderators' page",
                status=403,
                detail="Load the page again and repeat what you did.",
            )
        )
