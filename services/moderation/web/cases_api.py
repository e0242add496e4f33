"""``/v1/cases``: the queue for programs, and for the page's own script."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from services.moderation.adapters.peaks import NoWaveform, Waveforms
from services.moderation.desk import Resolved
from services.moderation.domain.access import Right
from services.moderation.domain.looking import Cursor, Filter
from services.moderation.domain.outcomes import Claimed, NoSuchCase, Proposed, Released, Renewed, Skipped
from services.moderation.web.answers import (
    CaseAnswer,
    CasePage,
    CaseRow,
    ClaimAnswer,
    CountsAnswer,
    ResolvedAnswer,
    ResolveRequest,
    TokenRequest,
    UpcomingAnswer,
    WaveformAnswer,
    cursor_text,
)
from services.moderation.web.asking import wanted_cursor, wanted_filter
from services.moderation.web.identity import Identity, SignedIn
from services.moderation.web.office import Office
from services.moderation.web.refusals import Refusal, problem_of
from shared.errors import ObjectMissing, PublishError
from shared.http import Problem, ProblemError

KEPT_A_WHILE = {"Cache-Control": "private, max-age=600"}
"""A recording never changes: what is drawn of it may be asked for before its page is."""

CaseId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
Wanted = Annotated[Filter, Depends(wanted_filter)]


def case_routes(identity: Identity, office: Office, waveforms: Waveforms) -> APIRouter:
    router = APIRouter(prefix="/v1/cases", tags=["cases"])
    _reading(router, identity, office, waveforms)
    _claiming(router, identity, office)
    _deciding(router, identity, office)
    return router


def _reading(router: APIRouter, identity: Identity, office: Office, waveforms: Waveforms) -> None:
    reader = Depends(identity.allowed(Right.READ))
    claimer = Depends(identity.allowed(Right.CLAIM))

    @router.get("", summary="The queue, first case first")
    async def cases(
        who: Annotated[SignedIn, reader],
        wanted: Wanted,
        after: Annotated[Cursor | None, Depends(wanted_cursor)],
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> CasePage:
        reader_id = who.reviewer.reviewer_id
        narrowed = who.narrow(wanted)
        page = await office.queue.page(reader_id, narrowed, limit=limit, after=after)
        return CasePage(
            cases=tuple(CaseRow.of(case, reader_id) for case in page.cases),
            after=cursor_text(page.after),
            counts=CountsAnswer.of(await office.queue.counts(reader_id, narrowed)),
        )

    @router.get("/upcoming", summary="What you would be given next; nothing is claimed")
    async def upcoming(who: Annotated[SignedIn, claimer], wanted: Wanted) -> UpcomingAnswer:
        """For pages that load the next case's waveform while this one is being decided."""
        senior = who.reviewer.may(Right.SECOND)
        case = await office.queue.upcoming(who.reviewer.reviewer_id, who.narrow(wanted), senior=senior)
        return UpcomingAnswer(case_id=case.case_id if case else None)

    @router.get("/{case_id}", summary="A case with its evidence and history")
    async def case(who: Annotated[SignedIn, reader], case_id: CaseId) -> CaseAnswer:
        looked = await office.look_at(case_id)
        if isinstance(looked, NoSuchCase):
            raise _refused(looked)
        found, view = looked
        return CaseAnswer.of(found, view, who.reviewer.reviewer_id, may_hear=who.reviewer.may_hear(found))

    @router.get("/{case_id}/waveform", summary="The outline of the recording")
    async def waveform(
        who: Annotated[SignedIn, reader],  # noqa: ARG001 - asked for its check
        case_id: CaseId,
        response: Response,
    ) -> WaveformAnswer:
        response.headers.update(KEPT_A_WHILE)
        looked = await office.look_at(case_id)
        if isinstance(looked, NoSuchCase):
            raise _refused(looked)
        upload = looked[1].upload if looked[1] else None
        if upload is None:
            raise ProblemError(Problem.of("no-upload", title="The upload is not known here", status=404))
        try:
            made = await waveforms.of(upload.audio)
        except ObjectMissing:
            made = NoWaveform("the recording is not in the object store")
        if isinstance(made, NoWaveform):
            return WaveformAnswer(seconds=upload.audio.seconds, reason=made.reason)
        return WaveformAnswer(seconds=made.seconds, covered=made.covered, peaks=made.peaks, rms=made.rms)


def _claiming(router: APIRouter, identity: Identity, office: Office) -> None:
    claimer = Depends(identity.allowed(Right.CLAIM))

    @router.post("/next", summary="Claim the first free case that fits")
    async def claim_next(who: Annotated[SignedIn, claimer], wanted: Wanted) -> ClaimAnswer:
        return _claim(await office.claim_next(who.reviewer, who.narrow(wanted)))

    @router.post("/{case_id}/claim", summary="Claim a case for a while")
    async def claim(who: Annotated[SignedIn, claimer], case_id: CaseId) -> ClaimAnswer:
        return _claim(await office.claim(case_id, who.reviewer))

    @router.post("/{case_id}/renew", summary="Keep a claim")
    async def renew(who: Annotated[SignedIn, claimer], case_id: CaseId, held: TokenRequest) -> ClaimAnswer:
        outcome = await office.queue.renew(case_id, who.reviewer.reviewer_id, held.token)
        if not isinstance(outcome, Renewed):
            raise _refused(outcome)
        return ClaimAnswer(case_id=case_id, token=outcome.claim.token, until=outcome.claim.until)

    @router.post("/{case_id}/release", status_code=204, summary="Give a case back")
    async def release(who: Annotated[SignedIn, claimer], case_id: CaseId, held: TokenRequest) -> None:
        outcome = await office.release(case_id, who.reviewer, held.token)
        if not isinstance(outcome, Released):
            raise _refused(outcome)

    @router.post("/{case_id}/skip", status_code=204, summary="Not for me: leave a case to others")
    async def skip(who: Annotated[SignedIn, claimer], case_id: CaseId) -> None:
        outcome = await office.skip(case_id, who.reviewer)
        if not isinstance(outcome, Skipped):
            raise _refused(outcome)


def _deciding(router: APIRouter, identity: Identity, office: Office) -> None:
    decider = Depends(identity.allowed(Right.DECIDE))

    @router.post("/{case_id}/resolve", summary="Publish, label or reject")
    async def resolve(
        who: Annotated[SignedIn, decider], case_id: CaseId, request: ResolveRequest, response: Response
    ) -> ResolvedAnswer:
        """Answers when the decision is kept; it is sent when its undo window (`undo_until`) has ended.

        `202` with a `proposal` where releasing the track takes a second person. Repeating the same request
        changes nothing.
        """
        try:
            outcome = await office.resolve(case_id, who.reviewer, request.token, request.answer)
        except PublishError as error:
            raise ProblemError(kept_not_sent(), {"Retry-After": "15"}) from error
        if isinstance(outcome, Proposed):
            response.status_code = 202
            return ResolvedAnswer(case_id=case_id, resolution=None, proposal=outcome.proposal)
        if not isinstance(outcome, Resolved):
            raise _refused(outcome)
        return ResolvedAnswer(case_id=case_id, resolution=outcome.resolution)


def kept_not_sent() -> Problem:
    return Problem.of(
        "kept-not-sent",
        title="Your decision is kept, and the broker does not have it yet",
        status=503,
        detail="It is sent again by itself as soon as the broker answers. There is nothing to repeat.",
    )


def _claim(outcome: Claimed | Refusal) -> ClaimAnswer:
    if not isinstance(outcome, Claimed):
        raise _refused(outcome)
    return ClaimAnswer(case_id=outcome.case.case_id, token=outcome.claim.token, until=outcome.claim.until)


def _refused(refusal: Refusal) -> ProblemError:
    return ProblemError(problem_of(refusal))
