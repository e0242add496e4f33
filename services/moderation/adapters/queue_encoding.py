"""How the queue's cases, filters and times lie in Redis and go through its scripts."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.moderation.domain.cases import Case, CaseState, CaseSummary, Claim, Resolution
from services.moderation.domain.queue import Claimed, Filter
from services.moderation.domain.words import words_of
from shared.errors import SystemicError


def groups_of(wanted: Filter) -> str:
    groups: list[dict[str, Any]] = [
        {"name": f"word:{word}", "prefix": True} for word in sorted(words_of(wanted.text))
    ]
    if wanted.reason is not None:
        groups.append({"name": f"reason:{wanted.reason}", "prefix": False})
    if wanted.distributor_id is not None:
        groups.append({"name": f"distributor:{wanted.distributor_id}", "prefix": False})
    if wanted.only_in is not None:
        groups.append({"names": wanted.only_in, "without": False})
    if wanted.leaving_out:
        groups.append({"names": wanted.leaving_out, "without": True})
    return json.dumps(groups)


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
    )


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
    resolution = fields.get(b"resolution")
    return Case(
        summary=CaseSummary.model_validate_json(fields[b"summary"]),
        state=CaseState(fields[b"state"].decode()),
        claim=claim,
        resolution=Resolution.model_validate_json(resolution) if resolution is not None else None,
        acknowledged=fields.get(b"acknowledged", b"1") == b"1",
    )


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


def facet_of(flat: Sequence[Any]) -> dict[str, int]:
    return {name.decode(): int(count) for name, count in zip(flat[::2], flat[1::2], strict=True)}


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def moment(milliseconds: bytes | int) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
