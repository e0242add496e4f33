"""The queue and the case as pages, rendered here and readable without script."""

import asyncio
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import RedirectResponse

from services.moderation.domain.access import Right
from services.moderation.domain.cases import Case, CaseState
from services.moderation.domain.looking import Cursor, Filter, Share
from services.moderation.domain.outcomes import NoSuchCase
from services.moderation.settings import LabelChoice
from services.moderation.web.answers import cursor_text
from services.moderation.web.asking import as_query, wanted_cursor, wanted_filter
from services.moderation.web.case_file import CaseFile
from services.moderation.web.identity import Identity, SignedIn
from services.moderation.web.office import Office
from services.moderation.web.refusals import problem_of
from shared.http import Problem, ProblemError
from shared.http.pages import Pages

_ON_A_PAGE = 50
_NOTICES = {
    "publish": "Published. The case closes when policy has confirmed it.",
    "label": "Published with labels. The case closes when policy has confirmed it.",
    "reject": "Rejected. The case closes when policy has confirmed it.",
    "proposed": "Proposed: a second person must confirm it.",
    "confirmed": "Confirmed. The case closes when policy has confirmed it.",
    "sent_back": "Sent back: the case is free for everybody.",
    "escalated": "Escalated: a senior takes it from here.",
    "upheld": "Upheld: the decision stays, and the distributor is told why.",
    "undone": "Taken back: nothing was sent. The case is yours again.",
    "skipped": "Skipped: the case stays in the queue for others.",
    "released": "Released: the case is free again.",
    "nothing": "No free case fits. Change the filters, or wait: new cases appear here by themselves.",
    "taken": "Someone else took that case first.",
}

Decided = Annotated[str, Query(pattern=r"^([0-9a-f-]{36})?$")]
CaseId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
Wanted = Annotated[Filter, Depends(wanted_filter)]


@dataclass(frozen=True)
class PageParts:
    identity: Identity
    office: Office
    pages: Pages
    labels: tuple[LabelChoice, ...]
    file: CaseFile


def page_routes(parts: PageParts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    office, pages = parts.office, parts.pages
    reader = Depends(parts.identity.visiting(Right.READ))

    @router.get("/")
    async def root(who: Annotated[SignedIn, reader]) -> Response:  # noqa: ARG001 - asked for its check
        return RedirectResponse("/queue", 303)

    @router.get("/queue")
    async def queue(
        who: Annotated[SignedIn, reader],
        wanted: Wanted,
        after: Annotated[Cursor | None, Depends(wanted_cursor)],
        notice: str = "",
        decided: Decided = "",
    ) -> Response:
        reader_id = who.reviewer.reviewer_id
        narrowed = who.narrow(wanted)
        page, counts, undoable = await asyncio.gather(
            office.queue.page(reader_id, narrowed, limit=_ON_A_PAGE, after=after),
            office.queue.counts(reader_id, narrowed),
            _undoable(office, who, decided),
        )
        values = {
            **common(who, notice),
            "undoable": undoable,
            "cases": page.cases,
            "counts": counts,
            "wanted": wanted,
            "labels": parts.labels,
            "shares": [(share, _with(wanted, share)) for share in Share],
            "query": urlencode(as_query(wanted)),
            "first": after is None,
            "next": urlencode({**as_query(wanted), "after": cursor_text(page.after) or ""})
            if page.after
            else None,
            "filtered": bool(set(as_query(wanted)) - {"share"}),
        }
        return pages.answer("queue.html", values)

    @router.get("/cases/{case_id}")
    async def case(
        who: Annotated[SignedIn, reader],
        case_id: CaseId,
        wanted: Wanted,
        notice: str = "",
        decided: Decided = "",
    ) -> Response:
        return await case_page(parts, who, case_id, wanted, notice=notice, decided=decided)

    return router


async def case_page(
    parts: PageParts,
    who: SignedIn,
    case_id: str,
    wanted: Filter,
    *,
    notice: str = "",
    problem: Problem | None = None,
    note: str = "",
    decided: str = "",
) -> Response:
    looked = await parts.office.look_at(case_id)
    if isinstance(looked, NoSuchCase):
        raise ProblemError(problem_of(looked))
    case, view = looked
    held = case.claim is not None and case.claim.reviewer_id == who.reviewer.reviewer_id
    values = {
        **common(who, notice),
        **await parts.file.values(who, case, view),
        "undoable": _takeable(case, who)
        if decided in {"", case_id}
        else await _undoable(parts.office, who, decided),
        "second": who.reviewer.may(Right.SECOND),
        "own": case.claim is None and case.barred(who.reviewer.reviewer_id),
        "case": case,
        "held": held,
        "claimable": case.state is CaseState.OPEN and case.claim is None and who.reviewer.may(Right.CLAIM),
        "labels": parts.labels,
        "problem": problem,
        "note": note,
        "query": urlencode(as_query(wanted)),
    }
    return parts.pages.answer("case.html", values, status=problem.status if problem else 200)


async def _undoable(office: Office, who: SignedIn, case_id: str) -> dict[str, object] | None:
    """What this person can still take back of a case, for the banner that offers it."""
    case = await office.queue.case(case_id) if case_id else None
    return None if case is None else _takeable(case, who)


def _takeable(case: Case, who: SignedIn) -> dict[str, object] | None:
    resolution, proposal = case.resolution, case.proposal
    about: dict[str, object] = {"case_id": case.case_id, "title": case.summary.title or "the track"}
    if case.state is CaseState.RESOLVED_PENDING and resolution is not None and resolution.undo_until:
        maker = resolution.confirmed_by or resolution.reviewer_id
        if maker == who.reviewer.reviewer_id:
            return {**about, "event_id": resolution.event_id, "until": resolution.undo_until}
    free = case.state is CaseState.OPEN and case.claim is None
    if free and proposal is not None and proposal.reviewer_id == who.reviewer.reviewer_id:
        return {**about, "event_id": proposal.proposal_id, "until": None}
    return None


def common(who: SignedIn, notice: str) -> dict[str, object]:
    return {
        "reviewer": who.reviewer,
        "csrf": who.session.csrf if who.session else "",
        "may_claim": who.reviewer.may(Right.CLAIM),
        "may_bulk": who.reviewer.may(Right.BULK),
        "notice": _NOTICES.get(notice, ""),
    }


def _with(wanted: Filter, share: Share) -> str:
    query = {key: value for key, value in as_query(wanted).items() if key != "share"}
    return urlencode(query if share is Share.OPEN else {**query, "share": share.value})
