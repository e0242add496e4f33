"""Signing in at an OpenID provider: there, back with a code, and out again."""

import hmac
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.moderation.adapters.id_tokens import BadToken
from services.moderation.adapters.openid import Redeemed
from services.moderation.domain.grants import Grants, NotAdmitted
from services.moderation.domain.sessions import SigningIn
from services.moderation.web.sign_in import Door, own
from shared.http.pages import Pages

_BEGUN_SECONDS = 600


class Provider(Protocol):
    async def address(self, started: SigningIn) -> str: ...

    async def redeem(self, code: str, started: SigningIn) -> Redeemed | BadToken: ...

    async def sign_out_address(self, id_token: str, back_to: str) -> str | None: ...


class Begun(Protocol):
    async def begin(self, to: str) -> tuple[str, SigningIn]: ...

    async def take(self, secret: str) -> SigningIn | None: ...


@dataclass(frozen=True)
class Team:
    """Who signs in, and where: everything of the sign-in that a setting decides."""

    provider: Provider
    begun: Begun
    grants: Grants
    public_url: str


def provider_routes(door: Door, team: Team, pages: Pages) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    cookie = f"{door.identity.cookie}_signing_in"
    _leading_there(router, door, team, pages, cookie)
    _coming_back(router, door, team, pages, cookie)

    @router.post("/sign-out")
    async def sign_out(request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        """A page that leads on, not a redirect: form-action keeps our forms from leading elsewhere."""
        id_token = await door.let_out(request, csrf)
        back_to = f"{team.public_url.rstrip('/')}/sign-in"
        onward = await team.provider.sign_out_address(id_token, back_to) if id_token else None
        response = _page(pages, "You are signed out here", onward or "/sign-in", go=True)
        door.forget(request, response)
        return response

    return router


def _leading_there(router: APIRouter, door: Door, team: Team, pages: Pages, cookie: str) -> None:
    @router.get("/sign-in")
    async def ask(request: Request, to: str = "/queue") -> Response:
        if await door.identity.find(request) is not None:
            return RedirectResponse(own(to), 303)
        start = f"/sign-in/provider?{urlencode({'to': own(to)})}"
        return _page(pages, "Trackgate Moderation", start, words="Sign in with your organisation")

    @router.get("/sign-in/provider")
    async def start(request: Request, to: str = "/queue") -> Response:
        secret, begun = await team.begun.begin(own(to))
        response = RedirectResponse(await team.provider.address(begun), 303)
        response.set_cookie(
            cookie,
            secret,
            max_age=_BEGUN_SECONDS,
            path="/",
            secure=door.secure(request),
            httponly=True,
            samesite="lax",  # it must come along when the provider's site leads back
        )
        return response


def _coming_back(router: APIRouter, door: Door, team: Team, pages: Pages, cookie: str) -> None:
    @router.get("/sign-in/back")
    async def back(
        request: Request,
        code: Annotated[str, Query(max_length=4096)] = "",
        state: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        """The session's cookie goes to same-site requests only, so a page leads on, not a redirect."""
        begun = await _begun_here(request.cookies.get(cookie), state, team)
        redeemed = await team.provider.redeem(code, begun) if begun is not None and code else None
        match redeemed:
            case Redeemed():
                reviewer = team.grants.admit(redeemed.claims)
                if isinstance(reviewer, NotAdmitted):
                    response = await refused(reviewer.why)
                else:
                    to = begun.to if begun is not None else "/queue"
                    response = _page(pages, "You are signed in", to, go=True)
                    await door.let_in(request, response, reviewer, provider_token=redeemed.id_token)
            case BadToken():
                response = await refused(redeemed.why)
            case None:
                response = await refused("state" if begun is None else "no-code")
        response.delete_cookie(cookie, path="/", secure=door.secure(request), httponly=True, samesite="lax")
        return response

    async def refused(why: str) -> Response:
        await door.audit.record("sign_in_refused", reviewer_id="-", why=why)
        title = "There is nothing here for your role" if why == "no-role" else "Signing in did not work"
        return _page(pages, title, "/sign-in", words="Try again", detail=_REFUSED.get(why, ""), status=403)


_REFUSED = {
    "no-role": "Your organisation knows you, and none of your groups works here. Ask who runs this service.",
    "state": "The answer did not belong to a sign-in begun in this browser, or came too late.",
    "no-code": "Your organisation did not let you in.",
}


async def _begun_here(secret: str | None, state: str, team: Team) -> SigningIn | None:
    """What this browser began, taken so that no answer counts twice."""
    begun = await team.begun.take(secret) if secret else None
    if begun is None or not hmac.compare_digest(begun.state.encode(), state.encode()):
        return None
    return begun


def _page(
    pages: Pages,
    title: str,
    to: str,
    *,
    words: str = "Go on",
    detail: str = "",
    go: bool = False,
    status: int = 200,
) -> Response:
    """``go``: the browser follows the link by itself."""
    values = {"title": title, "to": to, "words": words, "detail": detail, "go": go}
    return pages.answer("door.html", values, status=status)
