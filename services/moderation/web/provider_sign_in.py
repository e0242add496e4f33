"""The desk's side of a sign-in at an OpenID provider: who may come in, the session, the audit log."""

from dataclasses import dataclass

from fastapi import Request, Response

from services.moderation.domain.grants import Grants
from services.moderation.web.sign_in import Door, own
from shared.openid.claims import NotAdmitted
from shared.openid.provider import Redeemed
from shared.openid.routes import SignInThere


@dataclass(frozen=True)
class Team:
    """Who signs in, and where: everything of the sign-in that a setting decides."""

    there: SignInThere
    grants: Grants


class DeskEntrance:
    """Every coming, going and refusal is in the audit log before the browser hears of it."""

    title = "Trackgate Moderation"

    def __init__(self, door: Door, grants: Grants) -> None:
        self._door = door
        self._grants = grants

    @property
    def cookie(self) -> str:
        return self._door.identity.cookie

    def own(self, address: str) -> str:
        return own(address or "/queue")

    def secure(self, request: Request) -> bool:
        return self._door.secure(request)

    async def is_in(self, request: Request) -> bool:
        return await self._door.identity.find(request) is not None

    async def let_in(self, request: Request, response: Response, told: Redeemed) -> NotAdmitted | None:
        reviewer = self._grants.admit(told.claims)
        if isinstance(reviewer, NotAdmitted):
            return reviewer
        await self._door.let_in(request, response, reviewer, provider_token=told.id_token)
        return None

    async def refused(self, why: str) -> None:
        await self._door.audit.record("sign_in_refused", reviewer_id="-", why=why)

    async def let_out(self, request: Request, csrf: str) -> str | None:
        return await self._door.let_out(request, csrf)

    def forget(self, request: Request, response: Response) -> None:
        self._door.forget(request, response)
