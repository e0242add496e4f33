"""How the queue's cases, filters and times lie in Redis and go through its scripts."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from services.moderation.domain.cases import (
    SCORE_STEP,
    Case,
    CaseState,
    CaseSummary,
    Claim,
    Passed,
    Proposal,
    Resolution,
)
from services.moderation.domain.looking import SEARCHED_AS_INDEX, Filter, Share
from services.moderation.domain.outcomes import Begun, Claimed
from services.moderation.domain.words import folded, words_of
from shared.errors import SystemicError
from shared.events import Record

R = TypeVar("R", bound=Record)


def groups_of(wanted: Filter) -> str:
    groups: list[dict[str, Any]] = [
        {"name": f"word:{word}", "prefix": True, "needle": json.dumps(f"word:{word}")[:-1]}
        for word in sorted(words_of(wanted.text))
    ]
    if wanted.reason is not None:
        groups.append({"name": f"reason:{wanted.reason}", "prefix": False})
    if wanted.distributor_id is not None:
        groups.append({"name": f"distributor:{wanted.distributor_id}", "prefix": False})
    if wanted.label is not None:
        groups.append({"name": f"label:{wanted.label}", "prefix": False})
    if artist := folded(wanted.artist):
        groups.append(
            {"name": f"artist:{artist}", "prefix": True, "needle": json.dumps(f"artist:{artist}")[:-1]}
        )
    if wanted.min_score is not None:
        steps = range(wanted.min_score // SCORE_STEP, 100 // SCORE_STEP + 1)
        groups.append({"names": [f"score:{step}" for step in steps], "without": False})
    if wanted.share in SEARCHED_AS_INDEX:
        groups.append({"name": f"share:{wanted.share.value}", "prefix": False})
    if wanted.only_in is not None:
        groups.append({"names": wanted.only_in, "without": False})
    if wanted.leaving_out:
        groups.append({"names": wanted.leaving_out, "without": True})
    return json.dumps(groups)


def base_of(wanted: Filter, reviewer_id: str) -> str:
    """The set that a list walks."""
    if wanted.share is Share.MINE:
        return f"held:{reviewer_id}"
    return Share.OPEN.value if wanted.share in SEARCHED_AS_INDEX else wanted.share.value


def opening_of(summary: CaseSummary) -> tuple[str | int, ...]:
    """What the script that opens a case takes after the time."""
    return (
        summary.case_id,
        summary.sequence,
        summary.decision_id,
        summary.order,
        milliseconds(summary.opened_at),
        summary.model_dump_json(),
        json.dumps(summary.indexes),
        int(summary.described),
        *_due_times(summary),
        int(summary.appeal is not None),
        int(summary.second_person),
        f" {' '.join(summary.barred)} ",
        milliseconds(summary.appeal.filed_at) if summary.appeal is not None else "",
        " ".join(summary.signature),
    )


def _due_times(summary: CaseSummary) -> tuple[str | int, str | int]:
    if summary.appeal is not None:
        return milliseconds(summary.appeal.acknowledge_by), milliseconds(summary.appeal.decide_by)
    return ("" if summary.due_at is None else milliseconds(summary.due_at)), ""


def deed_of(record: Record) -> str:
    """What makes two calls the same: all that was said, and not when."""
    unsaid = {"resolved_at", "proposed_at", "undo_until"}
    same = json.dumps(record.model_dump(mode="json", exclude=unsaid), sort_keys=True)
    return hashlib.sha256(same.encode()).hexdigest()


def case_of(flat: Sequence[bytes]) -> Case | None:
    """None for an unknown case and for a track that was never quarantined."""
    fields: Mapping[bytes, bytes] = dict(zip(flat[::2], flat[1::2], strict=True))
    if b"summary" not in fields:
        return None
    claim = None
    if b"holder" in fields:
        claim = Claim(
            reviewer_id=fields[b"holder"].decode(),
            token=int(fields[b"token"]),
            until=moment(fields[b"until"]),
        )
    return Case(
        summary=CaseSummary.model_validate_json(fields[b"summary"]),
        state=CaseState(fields[b"state"].decode()),
        claim=claim,
        resolution=_kept(Resolution, fields.get(b"resolution")),
        acknowledged=fields.get(b"acknowledged", b"1") == b"1",
        proposal=_kept(Proposal, fields.get(b"proposal")),
        sent_back=_kept(Passed, fields.get(b"sent_back")),
        escalated=_kept(Passed, fields.get(b"escalated")),
        taken_up_at=moment(fields[b"taken_up"]) if b"taken_up" in fields else None,
    )


def _kept(kind: type[R], value: bytes | None) -> R | None:
    return kind.model_validate_json(value) if value is not None else None


def known_case(flat: Sequence[bytes]) -> Case:
    case = case_of(flat)
    if case is None:
        raise SystemicError("the queue in Redis is damaged: rebuild it with `rebuild-views`")
    return case


def claimed_of(flat: Sequence[bytes]) -> Claimed:
    case = known_case(flat)
    if case.claim is None:
        raise SystemicError("the queue in Redis is damaged: rebuild it with `rebuild-views`")
    return Claimed(case, case.claim)


def begun_of(flat: Sequence[bytes], *, repeat: bool) -> Begun:
    case = known_case(flat)
    if case.resolution is None:
        raise SystemicError("the queue in Redis is damaged: rebuild it with `rebuild-views`")
    return Begun(case, case.resolution, repeat=repeat)


def facet_of(flat: Sequence[Any]) -> dict[str, int]:
    return {name.decode(): int(count) for name, count in zip(flat[::2], flat[1::2], strict=True)}


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def moment(milliseconds: bytes | int) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
