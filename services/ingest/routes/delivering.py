"""``POST /v1/tracks``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from services.ingest import metrics
from services.ingest.adapters.reading import UploadReader
from services.ingest.answers import Receipt
from services.ingest.domain import Accepted, Fault, RefusalKind, Refused, Repeated, key_sha256
from services.ingest.handlers import Delivery, Intake
from services.ingest.openapi import DELIVERY_BODY, DELIVERY_ERRORS
from services.ingest.routes.caller import CallerIdentity, body_length, refuse
from shared.events import DistributorRegistered


def delivery_routes(identity: CallerIdentity, intake: Intake, reader: UploadReader) -> APIRouter:
    router = APIRouter(prefix="/v1/tracks", tags=["tracks"])

    @router.post(
        "",
        status_code=202,
        response_model=Receipt,
        responses=DELIVERY_ERRORS,
        openapi_extra=DELIVERY_BODY,
        summary="Deliver a track",
    )
    async def deliver(
        request: Request,
        caller: Annotated[DistributorRegistered, Depends(identity)],
        idempotency_key: Annotated[
            str | None, Header(description="the same key with the same request gives the same track")
        ] = None,
    ) -> Response:
        """Hand in one recording and what you say about it.

        `202` means kept: the audio is on disk and the delivery is acknowledged by the broker. The same bytes
        with the same metadata are the same track, with or without an idempotency key; a repeat is answered
        with the header `Idempotent-Replayed: true`. Put `metadata` before `audio` to learn of faults early.
        """
        digest = None if idempotency_key is None else key_sha256(idempotency_key)
        if isinstance(digest, Refused):
            raise await refuse(request, digest)
        async with intake.admit(caller, digest) as admission:
            if isinstance(admission, Refused):
                raise await refuse(request, admission)
            read = await _read(reader, request)
            outcome = read if isinstance(read, Refused) else await intake.accept(admission, read)
        match outcome:
            case Refused():
                raise await refuse(request, outcome)
            case Accepted(upload):
                metrics.accepted(upload)
                return _receipt(upload.track_id, repeated=False)
            case Repeated(track_id):
                return _receipt(track_id, repeated=True)

    return router


async def _read(reader: UploadReader, request: Request) -> Delivery | Refused:
    try:
        return await reader.read(request.headers.get("content-type"), body_length(request), request.stream())
    except ClientDisconnect:
        return Refused(RefusalKind.MALFORMED_BODY, (Fault("body", "the connection ended before the body"),))


def _receipt(track_id: str, *, repeated: bool) -> JSONResponse:
    metrics.DELIVERIES.labels("repeated" if repeated else "accepted").inc()
    receipt = Receipt.of(track_id)
    headers = {"Location": receipt.status_url}
    if repeated:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(receipt.model_dump(), status_code=202, headers=headers)
