"""What a filter lets through and how cases are counted, in plain Python: the reference for the indexes."""

from collections.abc import Sequence
from datetime import datetime

from services.moderation.domain.cases import SCORE_STEP, Case, CaseState
from services.moderation.domain.looking import Counts, Filter, Share
from services.moderation.domain.words import folded, words_of


def shown(case: Case, reviewer_id: str, wanted: Filter, now: datetime) -> bool:
    waiting = case.state is CaseState.OPEN
    match wanted.share:
        case Share.OPEN:
            shared = waiting
        case Share.FREE:
            shared = waiting and case.claim is None
        case Share.MINE:
            shared = waiting and case.claim is not None and case.claim.reviewer_id == reviewer_id
        case Share.PENDING:
            shared = case.state is CaseState.RESOLVED_PENDING
        case _:
            shared = waiting and in_share(case, wanted.share, now)
    return shared and fits(case, wanted, now)


def in_share(case: Case, share: Share, now: datetime) -> bool:
    match share:
        case Share.OVERDUE:
            return overdue(case, now)
        case Share.ESCALATED:
            return case.escalated is not None
        case Share.PROPOSED:
            return case.proposal is not None
        case _:
            return case.summary.appeal is not None


def overdue(case: Case, now: datetime) -> bool:
    return case.due_at is not None and case.due_at <= now


def fits(case: Case, wanted: Filter, now: datetime) -> bool:
    summary = case.summary
    words = {name.removeprefix("word:") for name in summary.indexes if name.startswith("word:")}
    return (
        (wanted.reason is None or wanted.reason in {reason.code for reason in summary.reasons})
        and (wanted.distributor_id is None or wanted.distributor_id == summary.distributor_id)
        and all(any(word.startswith(asked) for word in words) for asked in words_of(wanted.text))
        and (wanted.label is None or wanted.label in summary.labels)
        and folded(summary.artist).startswith(folded(wanted.artist))
        and (wanted.min_score is None or _step(summary.score) >= wanted.min_score // SCORE_STEP)
        and (wanted.older_than is None or summary.opened_at <= now - wanted.older_than)
        and not set(wanted.leaving_out) & set(summary.indexes)
        and (wanted.only_in is None or bool(set(wanted.only_in) & set(summary.indexes)))
    )


def counted(cases: Sequence[Case], reviewer_id: str, within: Filter, now: datetime) -> Counts:
    part = Filter(leaving_out=within.leaving_out, only_in=within.only_in)
    seen = [case for case in cases if fits(case, part, now)]
    waiting = [case for case in seen if case.state is CaseState.OPEN]
    reasons: dict[str, int] = {}
    distributors: dict[str, int] = {}
    for case in waiting:
        for code in {reason.code for reason in case.summary.reasons}:
            reasons[code] = reasons.get(code, 0) + 1
        if case.summary.distributor_id is not None:
            distributor = case.summary.distributor_id
            distributors[distributor] = distributors.get(distributor, 0) + 1
    return Counts(
        open=len(waiting),
        free=sum(case.claim is None for case in waiting),
        mine=sum(case.claim is not None and case.claim.reviewer_id == reviewer_id for case in waiting),
        pending=sum(case.state is CaseState.RESOLVED_PENDING for case in seen),
        overdue=sum(overdue(case, now) for case in waiting),
        escalated=sum(case.escalated is not None for case in waiting),
        proposed=sum(case.proposal is not None for case in waiting),
        appeals=sum(case.summary.appeal is not None for case in waiting),
        reasons=reasons,
        distributors=distributors,
    )


def _step(score: int | None) -> int:
    return -1 if score is None else score // SCORE_STEP
