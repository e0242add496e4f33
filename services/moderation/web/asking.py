"""Filters as they come in a query string; the same for the API and the pages."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query

from services.moderation.domain.looking import Cursor, Filter, Share
from services.moderation.web.answers import cursor_of
from shared.http import FieldError, Problem, ProblemError


def wanted_filter(
    share: Annotated[Share, Query(description="which part of the queue")] = Share.OPEN,
    reason: Annotated[str, Query(max_length=100)] = "",
    distributor: Annotated[str, Query(max_length=100)] = "",
    text: Annotated[str, Query(max_length=200, description="words of title, artist, ISRC or track id")] = "",
    older_hours: Annotated[str, Query(pattern=r"^\d{0,5}$", description="waiting for at least")] = "",
    label: Annotated[str, Query(max_length=100)] = "",
    min_score: Annotated[
        str, Query(pattern=r"^(\d{1,2}|100)?$", description="percent, in steps of ten")
    ] = "",
    artist: Annotated[str, Query(max_length=200, description="how the artist's name begins")] = "",
) -> Filter:
    """Empty values count as absent: a form sends all its fields."""
    return Filter(
        share=share,
        reason=reason or None,
        distributor_id=distributor or None,
        text=text.strip(),
        older_than=timedelta(hours=int(older_hours)) if older_hours else None,
        label=label or None,
        min_score=int(min_score) if min_score else None,
        artist=artist.strip(),
    )


def wanted_cursor(after: Annotated[str, Query(max_length=100)] = "") -> Cursor | None:
    try:
        return cursor_of(after)
    except ValueError as error:
        raise ProblemError(
            Problem.of(
                "invalid-request",
                title="The request is not valid",
                status=422,
                errors=[FieldError(field="after", reason=str(error))],
            )
        ) from error


def as_query(wanted: Filter) -> dict[str, str]:
    """The query that gives this filter again, without what is default."""
    query: dict[str, str] = {}
    if wanted.share is not Share.OPEN:
        query["share"] = wanted.share.value
    if wanted.reason:
        query["reason"] = wanted.reason
    if wanted.distributor_id:
        query["distributor"] = wanted.distributor_id
    if wanted.text:
        query["text"] = wanted.text
    if wanted.label:
        query["label"] = wanted.label
    if wanted.min_score is not None:
        query["min_score"] = str(wanted.min_score)
    if wanted.artist:
        query["artist"] = wanted.artist
    if wanted.older_than is not None:
        query["older_hours"] = str(int(wanted.older_than.total_seconds() // 3600))
    return query
