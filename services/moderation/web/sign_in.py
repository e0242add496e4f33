"""Signing in with a token of this machine (local mode), and signing out."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.moderation.adapters.reviewers import Reviewers
from services.moderation.domain.access import Reviewer
from services.moderation.web.identity import Identity, SessionStore, require_csrf
from services.moderation.web.office import AuditLog
from shared.http import Problem, ProblemError
from shared.http.pages import Pages


class Door:
    """Opens and closes sessions, with the cookie that goes with one and the deed in the audit log."""

    def __init__(self, identity: Identity, sessions: SessionStore, audit: AuditLog) -> None:
        self.identity = identity
        self.audit = audit
        self._sessions = sessions

    async def let_in(
        self, request: Request, response: Response, reviewer: Reviewer, *, provider_token: str | None = None
    ) -> None:
        """A new session with a new secret, whatever cookie came: one from before the sign-in ends here."""
        await self.audit.record("signed_in", reviewer_id=reviewer.reviewer_id, roles=",".join(reviewer.roles))
        if (before := request.cookies.get(self.identity.cookie)) is not None:
            await self._sessions.close(before)
        opened = await self._sessions.open(reviewer, provider_token=provider_token)
        response.set_cookie(
            self.identity.cookie,
            opened.secret,
            max_age=int(opened.lasts.total_seconds()),
            path="/",
            secure=self.secure(request),
            httponly=True,
            samesite="strict",
        )

    async def let_out(self, request: Request, csrf: str) -> str | None:
        """End the session; returns the provider's token, if an OpenID provider let the person in."""
        signed_in = await self.identity.find(request)
        secret = request.cookies.get(self.identity.cookie)
        if signed_in is None or signed_in.session is None or secret is None:
            return None
        require_csrf(signed_in, csrf)
        await self._sessions.close(secret)
        await self.audit.record("signed_out", reviewer_id=signed_in.reviewer.reviewer_id)
        return signed_in.session.provider_token

    def forget(self, request: Request, response: Response) -> None:
        response.delete_cookie(
            self.identity.cookie, path="/", secure=self.secure(request), httponly=True, samesite="strict"
        )

    def secure(self, request: Request) -> bool:
        """Behind a proxy that ends TLS the request itself does not show it; the cookie's name does."""
        return self.identity.cookie.startswith("__Host-") or request.url.scheme == "https"


def sign_in_routes(door: Door, reviewers: Reviewers, pages: Pages) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    async def ask(request: Request, to: str = "/queue") -> Response:
        if await door.identity.find(request) is not None:
            return RedirectResponse(own(to), 303)
        return pages.answer("sign_in.html", {"to": own(to), "refused": False})

    @router.post("/sign-in")
    async def sign_in(
        request: Request,
        token: Annotated[str, Form(max_length=200)] = "",
        to: Annotated[str, Form(max_length=1000)] = "/queue",
    ) -> Response:
        _refuse_other_sites(request)
        reviewer = reviewers.holding(token.strip())
        if reviewer is None:
            await door.audit.record("sign_in_refused", reviewer_id="-", why="token")
            return pages.answer("sign_in.html", {"to": own(to), "refused": True}, status=403)
        response = RedirectResponse(own(to), 303)
        await door.let_in(request, response, reviewer)
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        await door.let_out(request, csrf)
        response = RedirectResponse("/sign-in", 303)
        door.forget(request, response)
        return response

    return router


def own(address: str) -> str:
    """A path of this site, whatever was asked for: signing in must not lead elsewhere."""
    parts = urlsplit(address)
    local = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    return address if local and not address.startswith(("//", "/\\")) and "\\" not in address else "/queue"


def _refuse_other_sites(request: Request) -> None:
    """Signing someone in from another site would let its owner watch what they decide."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    if site not in {"same-origin", "none"} or foreign:
        raise ProblemError(Problem.of("other-site", title="Sign in on the sign-in page", status=403))
