"""Recordings for those who may hear them: links that soon end, and what they open, each listening audited."""

import asyncio
from collections import OrderedDict
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from services.moderation.domain.access import Right
from services.moderation.domain.cases import Case
from services.moderation.domain.outcomes import NoSuchCase
from services.moderation.listening import NotThisLink, Sound
from services.moderation.web.hearing import Heard, Hearing, NotThere, media_type_of
from services.moderation.web.identity import Identity, SignedIn
from services.moderation.web.office import Office
from services.moderation.web.refusals import problem_of
from shared.errors import ObjectMissing
from shared.http import Problem, ProblemError
from shared.objects.store import ObjectStore
from shared.views.tracks import TrackView

_REMEMBERED = 10_000

CaseId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
Link = Annotated[str, Path(max_length=500)]


class SoundLink(BaseModel):
    """``url`` opens for this session only, until ``until``. ``artist`` is empty for the recording itself."""

    model_config = ConfigDict(frozen=True)

    name: str
    artist: str
    seconds: float
    url: str
    until: datetime


class SoundLinks(BaseModel):
    model_config = ConfigDict(frozen=True)

    sounds: tuple[SoundLink, ...]


def audio_routes(identity: Identity, office: Office, store: ObjectStore, hearing: Hearing) -> APIRouter:
    router = APIRouter(prefix="/v1/cases", tags=["audio"])
    reader = Depends(identity.allowed(Right.READ))
    audited: OrderedDict[str, None] = OrderedDict()

    async def looked_at(case_id: str, who: SignedIn, request: Request) -> tuple[Case, TrackView | None]:
        looked = await office.look_at(case_id)
        if isinstance(looked, NoSuchCase):
            raise ProblemError(problem_of(looked))
        if not who.reviewer.may_hear(looked[0]):
            raise await identity.refusal(who, request, Right.HEAR_HELD, _may_not_hear())
        return looked

    @router.get("/{case_id}/audio", summary="Links to the recording and to the references beside it")
    async def links(request: Request, who: Annotated[SignedIn, reader], case_id: CaseId) -> SoundLinks:
        """Ask again when they have ended, or are about to."""
        case, view = await looked_at(case_id, who, request)
        return SoundLinks(
            sounds=tuple(
                SoundLink(
                    name=offered.sound.name,
                    artist=offered.artist,
                    seconds=offered.seconds,
                    url=offered.url,
                    until=offered.until,
                )
                for offered in await hearing.offered(case, view, who)
            )
        )

    @router.get("/{case_id}/audio/{link}", response_class=FileResponse, summary="Hear what a link is for")
    async def audio(
        request: Request, who: Annotated[SignedIn, reader], case_id: CaseId, link: Link
    ) -> FileResponse:
        """Ranges are answered (206), so that a player starts at once and seeks."""
        followed = await hearing.follow(link, who)
        if isinstance(followed, NotThisLink) or followed.sound.case_id != case_id:
            raise ProblemError(
                Problem.of(
                    "link-ended",
                    title="This link to a recording has ended, or is not yours",
                    status=403,
                    detail="Ask for a new one: GET /v1/cases/{case_id}/audio.",
                )
            )
        case, view = await looked_at(case_id, who, request)
        heard = hearing.sound(followed.sound, view)
        if isinstance(heard, NotThere):
            raise ProblemError(Problem.of("no-audio", title=heard.why, status=404))
        path, media_type = await _file_of(heard, store)
        if followed.link_id not in audited:
            await office.audit.record("heard", **_listening(case, followed.sound, heard, who))
            audited[followed.link_id] = None
            while len(audited) > _REMEMBERED:
                audited.popitem(last=False)
        return FileResponse(path, media_type=media_type, headers={"Cache-Control": "private, no-store"})

    return router


async def _file_of(heard: Heard, store: ObjectStore) -> tuple[FilePath, str]:
    try:
        path = await asyncio.to_thread(store.local_path, heard.uri)
        return path, await asyncio.to_thread(media_type_of, path)
    except (ObjectMissing, FileNotFoundError) as error:
        raise ProblemError(
            Problem.of("no-audio", title="The recording is not in the object store", status=404)
        ) from error


def _listening(case: Case, sound: Sound, heard: Heard, who: SignedIn) -> dict[str, str]:
    return {
        "reviewer_id": who.reviewer.reviewer_id,
        "case_id": case.case_id,
        "track_id": case.summary.track_id,
        "sound": sound.name,
        "sha256": heard.sha256,
    }


def _may_not_hear() -> Problem:
    return Problem.of(
        "may-not-hear",
        title="You may not hear this recording",
        status=403,
        detail="Moderators hear the recordings of cases they have claimed; viewers hear none.",
    )
