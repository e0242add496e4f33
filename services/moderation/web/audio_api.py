"""``/v1/audio/{track_id}``: the recording, for those who may hear it, each listening in the audit log."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import FileResponse

from services.moderation.domain.access import Right
from services.moderation.domain.cases import case_id_of
from services.moderation.domain.queue import NoSuchCase
from services.moderation.web.identity import Identity, SignedIn
from services.moderation.web.office import Office
from services.moderation.web.refusals import problem_of
from shared.errors import ObjectMissing
from shared.http import Problem, ProblemError
from shared.objects.store import ObjectStore

_MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "ogg": "audio/ogg"}

TrackId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


def audio_routes(identity: Identity, office: Office, store: ObjectStore) -> APIRouter:
    router = APIRouter(prefix="/v1/audio", tags=["audio"])

    @router.get("/{track_id}", response_class=FileResponse, summary="Hear the recording of a case")
    async def audio(
        request: Request,
        who: Annotated[SignedIn, Depends(identity.allowed(Right.READ))],
        track_id: TrackId,
    ) -> FileResponse:
        """Ranges are answered (206), so that a player starts at once and seeks."""
        looked = await office.look_at(case_id_of(track_id))
        if isinstance(looked, NoSuchCase):
            raise ProblemError(problem_of(looked))
        case, view = looked
        if not who.reviewer.may_hear(case):
            raise ProblemError(
                Problem.of(
                    "may-not-hear",
                    title="You may not hear this recording",
                    status=403,
                    detail="Moderators hear the recordings of cases they have claimed; viewers hear none.",
                )
            )
        if view is None or view.upload is None:
            raise ProblemError(Problem.of("no-upload", title="The upload is not known here", status=404))
        try:
            path = await asyncio.to_thread(store.local_path, view.upload.audio.uri)
        except ObjectMissing as error:
            raise ProblemError(
                Problem.of("no-audio", title="The recording is not in the object store", status=404)
            ) from error
        await office.audit.record(
            "heard",
            reviewer_id=who.reviewer.reviewer_id,
            case_id=case.case_id,
            track_id=track_id,
            range=request.headers.get("Range", "")[:100],
        )
        return FileResponse(
            path,
            media_type=_MEDIA_TYPES.get(view.upload.audio.container.lower(), "application/octet-stream"),
            headers={"Cache-Control": "private, no-store"},
            content_disposition_type="inline",
        )

    return router
