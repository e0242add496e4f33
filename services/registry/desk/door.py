"""Coming in and going out: with a token of this registry, or by an OpenID provider."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.registry.admission import Admission
from services.registry.desk.identity import DeskIdentity, refuse_other_sites, require_csrf
from services.registry.desk.sessions import LASTS
from shared.http.pages import Pages
from shared.openid.claims import NotAdmitted
from shared.openid.provider import Redeemed

log = structlog.get_logger()


def token_routes(identity: DeskIdentity, pages: Pages) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    async def ask(request: Request, to: str = "/artists") -> Response:
        if identity.find(request) is not None:
            return RedirectResponse(own(to), 303)
        return pages.answer("sign_in.html", {"refused": False, "to": own(to)})

    @router.post("/sign-in")
    async def sign_in(
        request: Request,
        token: Annotated[str, Form(max_length=300)] = "",
        to: Annotated[str, Form(max_length=300)] = "/artists",
    ) -> Response:
        refuse_other_sites(request)
        opened = identity.sign_in(token.strip())
        if opened is None:
            return pages.answer("sign_in.html", {"refused": True, "to": own(to)}, status=403)
        response = RedirectResponse(own(to), 303)
        _keep(identity, request, response, opened[1])
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request, csrf: Annotated[str, Form(max_length=100)] = "") -> Response:
        who = identity.find(request)
        if who is not None:
            require_csrf(who, csrf)
            identity.sign_out(who)
        response = RedirectResponse("/sign-in", 303)
        _forget(identity, request, response)
        return response

    return router


class RegistryEntrance:
    """The registry's side of a sign-in at an OpenID provider."""

    title = "Trackgate registry"

    def __init__(self, identity: DeskIdentity, admission: Admission) -> None:
        self._identity = identity
        self._admission = admission

    @property
    def cookie(self) -> str:
        return self._identity.cookie

    def own(self, address: str) -> str:
        return own(address)

    def secure(self, request: Request) -> bool:
        return _secure(self._identity, request)

    async def is_in(self, request: Request) -> bool:
        return self._identity.find(request) is not None

    async def let_in(self, request: Request, response: Response, told: Redeemed) -> NotAdmitted | None:
        person = self._admission.admit(told.claims)
        if isinstance(person, NotAdmitted):
            return person
        before = request.cookies.get(self.cookie)
        secret = self._identity.admit(person, provider_token=told.id_token, instead_of=before)
        _keep(self._identity, request, response, secret)
        log.info("signed in", person=person.person_id, role=person.role.value)
        return None

    async def refused(self, why: str) -> None:
        log.warning("sign-in refused", why=why)

    async def let_out(self, request: Request, csrf: str) -> str | None:
        who = self._identity.find(request)
        if who is None:
            return None
        require_csrf(who, csrf)
        self._identity.sign_out(who)
        log.info("signed out", person=who.person.person_id)
        return who.provider_token

    def forget(self, request: Request, response: Response) -> None:
        _forget(self._identity, request, response)


def _keep(identity: DeskIdentity, request: Request, response: Response, secret: str) -> None:
    response.set_cookie(
        identity.cookie,
        secret,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=_secure(identity, request),
        httponly=True,
        samesite="strict",
    )


def _forget(identity: DeskIdentity, request: Request, response: Response) -> None:
    response.delete_cookie(
        identity.cookie, path="/", secure=_secure(identity, request), httponly=True, samesite="strict"
    )


def _secure(identity: DeskIdentity, request: Request) -> bool:
    """Behind a proxy that ends TLS the request itself does not show it; the cookie's name does."""
    return identity.cookie.startswith("__Host-") or request.url.scheme == "https"


def own(address: str) -> str:
    """A page of ours, whatever was asked for: signing in must not lead elsewhere."""
    return address if address.startswith("/artists") and "\\" not in address else "/artists"
