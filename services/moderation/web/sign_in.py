"""Signing in and out on the page (local mode: a token per reviewer)."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.moderation.adapters.reviewers import Reviewers
from services.moderation.web.identity import COOKIE, Identity, SessionStore, require_csrf
from services.moderation.web.office import AuditLog
from services.moderation.web.rendering import Pages
from shared.http import Problem, ProblemError


def sign_in_routes(
    identity: Identity, reviewers: Reviewers, sessions: SessionStore, audit: AuditLog, pages: Pages
) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    async def ask(request: Request, to: str = "/queue") -> Response:
        if await identity.find(request) is not None:
            return RedirectResponse(_own(to), 303)
        return pages.answer("sign_in.html", {"to": _own(to), "refused": False})

    @router.post("/sign-in")
    async def sign_in(
        request: Request,
        token: Annotated[str, Form(max_length=200)] = "",
        to: Annotated[str, Form(max_length=1000)] = "/queue",
    ) -> Response:
        _refuse_other_sites(request)
        reviewer = reviewers.holding(token.strip())
        if reviewer is None:
            return pages.answer("sign_in.html", {"to": _own(to), "refused": True}, status=403)
        await audit.record("signed_in", reviewer_id=reviewer.reviewer_id)
        opened = await sessions.open(reviewer)
        response = RedirectResponse(_own(to), 303)
        response.set_cookie(
            COOKIE,
            opened.secret,
            expires=opened.session.until,
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        signed_in = await identity.find(request)
        secret = request.cookies.get(COOKIE)
        if signed_in is not None and secret is not None:
            require_csrf(signed_in, csrf)
            await sessions.close(secret)
            await audit.record("signed_out", reviewer_id=signed_in.reviewer.reviewer_id)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    return router


def _own(address: str) -> str:
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
