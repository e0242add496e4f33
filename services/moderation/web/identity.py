"""Who is asking, and whether they may: the guard of a path."""

import hmac
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from fastapi import Request

from services.moderation.adapters.reviewers import Reviewers
from services.moderation.domain.access import Queues, Reviewer, Right
from services.moderation.domain.cases import Case, case_id_of
from services.moderation.domain.looking import Filter
from services.moderation.domain.sessions import Opened, Session
from services.moderation.web.office import AuditLog
from shared.http import Problem, ProblemError

COOKIE = "trackgate_moderation"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_NO_QUEUES = Queues()

FindCase = Callable[[str], Awaitable[Case | None]]


class SignInNeeded(Exception):
    """A page was asked for by nobody we know: answered with a way to the sign-in page."""


@dataclass(frozen=True)
class SignedIn:
    """``session`` is None for a Bearer token, which no browser sends by itself and so needs no CSRF token."""

    reviewer: Reviewer
    session: Session | None
    queues: Queues = field(default=_NO_QUEUES, compare=False, repr=False)

    def narrow(self, wanted: Filter) -> Filter:
        """What was asked for, within the queues that this person works on. For every search of the queue."""
        return replace(
            wanted,
            leaving_out=self.queues.closed_to(self.reviewer),
            only_in=self.queues.only_to(self.reviewer),
        )

    def sees(self, signature: Iterable[str]) -> bool:
        """Whether a case of this signature is in a queue of this person."""
        return self.queues.seen_by(self.reviewer, signature)


class SessionStore(Protocol):
    async def open(self, reviewer: Reviewer, *, provider_token: str | None = None) -> Opened:
        """``provider_token``: the provider's ID token, with which it is told of the sign-out."""
        ...

    async def find(self, secret: str) -> Session | None:
        """The live session; using it keeps it from going idle."""
        ...

    async def close(self, secret: str) -> None: ...


class Asked(StrEnum):
    """How a path is asked, which says where the CSRF token is and how somebody unknown is answered."""

    PROGRAM = "program"
    PAGE = "page"
    FORM = "form"


class Guard:
    """A dependency that lets a request through when its sender may do this, to this case.

    In order: signed in; a change that comes with a session's cookie has that session's CSRF token; one of the
    sender's roles has the right; the case in the path (``case_id``, ``track_id``) is in the sender's queues.
    Every refusal of somebody who is signed in goes into the audit log.
    """

    def __init__(self, identity: "Identity", right: Right, asked: Asked) -> None:
        self.permission = right
        self._identity = identity
        self._asked = asked

    async def __call__(self, request: Request) -> SignedIn:
        signed_in = await self._identity.find(request)
        if signed_in is None:
            raise self._unknown()
        if request.method not in _SAFE:
            require_csrf(signed_in, await self._csrf(request))
        await self._identity.require(signed_in, self.permission, request)
        return signed_in

    def _unknown(self) -> Exception:
        if self._asked is not Asked.PROGRAM:
            return SignInNeeded()
        return ProblemError(
            Problem.of("not-signed-in", title="Sign in first", status=401),
            {"WWW-Authenticate": 'Bearer realm="trackgate moderation"'},
        )

    async def _csrf(self, request: Request) -> str:
        if self._asked is Asked.FORM and CSRF_HEADER not in request.headers:
            given = (await request.form()).get(CSRF_FIELD, "")
            return given if isinstance(given, str) else ""
        return request.headers.get(CSRF_HEADER, "")


class Identity:
    def __init__(
        self,
        reviewers: Reviewers,
        sessions: SessionStore,
        audit: AuditLog,
        find_case: FindCase,
        *,
        queues: Queues = _NO_QUEUES,
        cookie: str = COOKIE,
    ) -> None:
        self.cookie = cookie
        self._reviewers = reviewers
        self._sessions = sessions
        self._audit = audit
        self._find_case = find_case
        self._queues = queues

    async def find(self, request: Request) -> SignedIn | None:
        """The person behind a request, without a look at what they ask for. None: nobody we know."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            reviewer = self._reviewers.holding(token.strip())
            return SignedIn(reviewer, None, self._queues) if reviewer else None
        secret = request.cookies.get(self.cookie)
        session = await self._sessions.find(secret) if secret else None
        if session is None:
            return None
        reviewer = session.reviewer or self._reviewers.named(session.reviewer_id)
        return SignedIn(reviewer, session, self._queues) if reviewer else None

    def allowed(self, right: Right) -> Guard:
        """For routes of the API."""
        return Guard(self, right, Asked.PROGRAM)

    def visiting(self, right: Right) -> Guard:
        """For pages: who is not signed in is led to the sign-in."""
        return Guard(self, right, Asked.PAGE)

    def acting(self, right: Right) -> Guard:
        """For forms of pages, which bring their CSRF token in a field."""
        return Guard(self, right, Asked.FORM)

    async def require(self, signed_in: SignedIn, right: Right, request: Request) -> None:
        """Raises ProblemError: the roles lack the right, or the case in the path is in another queue."""
        reviewer = signed_in.reviewer
        if not reviewer.may(right):
            roles = " and ".join(role.value.replace("_", " ") for role in reviewer.roles)
            raise await self.refusal(
                signed_in,
                request,
                right,
                Problem.of(
                    "not-allowed",
                    title="Your role does not allow this",
                    status=403,
                    detail=f"The role {roles} lacks the right to {right.value.replace('_', ' ')}.",
                ),
            )
        if reviewer.queues is None or (case_id := _case_id(request)) is None:
            return
        case = await self._find_case(case_id)
        if case is not None and not self._queues.open_to(reviewer, case):
            raise await self.refusal(
                signed_in,
                request,
                right,
                Problem.of(
                    "other-queue",
                    title="This case is in a queue that is not yours",
                    status=403,
                    detail=f"It is in {', '.join(sorted(self._queues.of(case)))}.",
                ),
            )

    async def refusal(
        self, signed_in: SignedIn, request: Request, right: Right, problem: Problem
    ) -> ProblemError:
        """The refusal to raise, once it is in the audit log."""
        route = request.scope.get("route")
        await self._audit.record(
            "refused",
            reviewer_id=signed_in.reviewer.reviewer_id,
            right=right.value,
            method=request.method,
            path=getattr(route, "path", ""),
            case_id=_case_id(request),
            why=problem.type.rpartition(":")[2],
        )
        return ProblemError(problem)


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


def _case_id(request: Request) -> str | None:
    if (case_id := request.path_params.get("case_id")) is not None:
        return str(case_id)
    track_id = request.path_params.get("track_id")
    return case_id_of(str(track_id)) if track_id is not None else None
