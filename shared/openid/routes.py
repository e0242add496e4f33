"""Signing in at an OpenID provider: there, back with a code, and out again. The same for every service."""

import hmac
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from shared.http.pages import Pages
from shared.openid.claims import NotAdmitted
from shared.openid.id_tokens import BadToken
from shared.openid.provider import Redeemed
from shared.openid.signing_in import BEGUN_FOR, SigningIn


class Provider(Protocol):
    async def address(self, started: SigningIn) -> str: ...

    async def redeem(self, code: str, started: SigningIn) -> Redeemed | BadToken: ...

    async def sign_out_address(self, id_token: str, back_to: str) -> str | None: ...


class Begun(Protocol):
    async def begin(self, to: str) -> tuple[str, SigningIn]: ...

    async def take(self, secret: str) -> SigningIn | None: ...


class Entrance(Protocol):
    """What is the service's own about its door: who may come in, and what a session is."""

    @property
    def title(self) -> str: ...

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        ...

    def own(self, address: str) -> str:
        """The address if it is a page of this site, else where people start."""
        ...

    def secure(self, request: Request) -> bool:
        """Whether cookies are for TLS alone."""
        ...

    async def is_in(self, request: Request) -> bool: ...

    async def let_in(self, request: Request, response: Response, told: Redeemed) -> NotAdmitted | None:
        """Open a session and put its cookie on the response, or say why not."""
        ...

    async def refused(self, why: str) -> None:
        """Take note of a sign-in that failed; ``why`` is a slug."""
        ...

    async def let_out(self, request: Request, csrf: str) -> str | None:
        """End the session; returns the provider's ID token, if there was one."""
        ...

    def forget(self, request: Request, response: Response) -> None:
        """Take the session's cookie away."""
        ...


@dataclass(frozen=True)
class SignInThere:
    """The provider, the sign-ins under way, and the address that browsers know this service by."""

    provider: Provider
    begun: Begun
    public_url: str


def provider_routes(door: Entrance, there: SignInThere, pages: Pages) -> APIRouter:
    """``/sign-in``, ``/sign-in/provider``, ``/sign-in/back``, ``/sign-out``; ``pages`` has ``door.html``."""
    router = APIRouter(include_in_schema=False)
    cookie = f"{door.cookie}_signing_in"
    _leading_there(router, door, there, pages, cookie)
    _coming_back(router, door, there, pages, cookie)

    @router.post("/sign-out")
    async def sign_out(request: Request, csrf: Annotated[str, Form(max_length=200)] = "") -> Response:
        """A page that leads on, not a redirect: form-action keeps our forms from leading elsewhere."""
        id_token = await door.let_out(request, csrf)
        back_to = f"{there.public_url.rstrip('/')}/sign-in"
        onward = await there.provider.sign_out_address(id_token, back_to) if id_token else None
        response = _page(pages, "You are signed out here", onward or "/sign-in", go=True)
        door.forget(request, response)
        return response

    return router


def _leading_there(router: APIRouter, door: Entrance, there: SignInThere, pages: Pages, cookie: str) -> None:
    @router.get("/sign-in")
    async def ask(request: Request, to: str = "") -> Response:
        if await door.is_in(request):
            return RedirectResponse(door.own(to), 303)
        start = f"/sign-in/provider?{urlencode({'to': door.own(to)})}"
        return _page(pages, door.title, start, words="Sign in with your organisation")

    @router.get("/sign-in/provider")
    async def start(request: Request, to: str = "") -> Response:
        secret, begun = await there.begun.begin(door.own(to))
        response = RedirectResponse(await there.provider.address(begun), 303)
        response.set_cookie(
            cookie,
            secret,
            max_age=int(BEGUN_FOR.total_seconds()),
            path="/",
            secure=door.secure(request),
            httponly=True,
            samesite="lax",  # it must come along when the provider's site leads back
        )
        return response


def _coming_back(router: APIRouter, door: Entrance, there: SignInThere, pages: Pages, cookie: str) -> None:
    @router.get("/sign-in/back")
    async def back(
        request: Request,
        code: Annotated[str, Query(max_length=4096)] = "",
        state: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        """The session's cookie goes to same-site requests only, so a page leads on, not a redirect."""
        begun = await _begun_here(request.cookies.get(cookie), state, there)
        if begun is None or not code:
            response = await refused("state" if begun is None else "no-code")
        else:
            response = await redeemed(request, code, begun)
        response.delete_cookie(cookie, path="/", secure=door.secure(request), httponly=True, samesite="lax")
        return response

    async def redeemed(request: Request, code: str, begun: SigningIn) -> Response:
        told = await there.provider.redeem(code, begun)
        if isinstance(told, BadToken):
            return await refused(told.why)
        response = _page(pages, "You are signed in", begun.to, go=True)
        turned_away = await door.let_in(request, response, told)
        return response if turned_away is None else await refused(turned_away.why)

    async def refused(why: str) -> Response:
        await door.refused(why)
        title = "There is nothing here for your role" if why == "no-role" else "Signing in did not work"
        return _page(pages, title, "/sign-in", words="Try again", detail=_REFUSED.get(why, ""), status=403)


_REFUSED = {
    "no-role": "Your organisation knows you, and none of your groups works here. Ask who runs this service.",
    "state": "The answer did not belong to a sign-in begun in this browser, or came too late.",
    "no-code": "Your organisation did not let you in.",
}


async def _begun_here(secret: str | None, state: str, there: SignInThere) -> SigningIn | None:
    """What this browser began, taken so that no answer counts twice."""
    begun = await there.begun.take(secret) if secret else None
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
