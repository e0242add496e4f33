"""The page on which a distributor says where it is told of decisions, and sees whether that works."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.ingest.endpoints import Endpoints, NoEndpoint
from services.ingest.portal.identity import PortalIdentity
from shared.http.pages import Pages

PAGE = 25


def webhook_page_routes(identity: PortalIdentity, endpoints: Endpoints, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/portal", include_in_schema=False)

    @router.get("/webhook")
    async def webhook(request: Request, offset: Annotated[int, Query(ge=0)] = 0) -> Response:
        who = await identity.find(request)
        if who is None:
            return RedirectResponse("/portal/sign-in", 303)
        distributor_id = who.distributor.distributor_id
        log = await endpoints.deliveries(distributor_id, offset=offset, limit=PAGE + 1)
        own = await endpoints.of(distributor_id)
        values = {
            "name": who.distributor.name,
            "csrf": who.csrf,
            "here": "webhook",
            "own": None if isinstance(own, NoEndpoint) else own,
            "self_service": endpoints.self_service,
            "deliveries": log[:PAGE],
            "before": max(0, offset - PAGE) if offset else None,
            "next": offset + PAGE if len(log) > PAGE else None,
        }
        return pages.answer("webhook.html", values)

    return router
