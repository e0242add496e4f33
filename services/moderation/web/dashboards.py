"""``/dashboards`` and ``/v1/figures``: what the system does, in numbers, for everybody who may sign in.

What names distributors is left out for people who work on some queues only.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from services.moderation.dashboards.prices import Price
from services.moderation.dashboards.showing import Board, Dashboards
from services.moderation.dashboards.timeline import Span
from services.moderation.domain.access import Right
from services.moderation.web.dashboards_view import SectionView, moment_text, source_words, view_of
from services.moderation.web.identity import Identity, SignedIn
from shared.errors import SystemicError
from shared.http.pages import Pages

_SPANS = ((Span.HOUR, "Last hour"), (Span.DAY, "Last 24 hours"), (Span.MONTH, "Last 30 days"))


@dataclass(frozen=True)
class DashboardParts:
    """``every`` is how often an open page asks again, in seconds."""

    figures: Board
    price: Price
    every: float


class FigureAnswer(BaseModel):
    """``values`` by column, one for each row of ``heads``; a tile has one number, without either.

    None: there is no value, which is not zero.
    """

    name: str
    title: str
    about: str
    kind: str
    unit: str = ""
    heads: tuple[str, ...] = ()
    values: dict[str, tuple[float | None, ...]] = Field(default_factory=dict)


class FiguresAnswer(BaseModel):
    span: Span
    at: datetime
    source: str
    since: datetime | None
    sections: dict[str, tuple[FigureAnswer, ...]]


def dashboard_routes(identity: Identity, parts: DashboardParts, pages: Pages) -> APIRouter:
    router = APIRouter(tags=["figures"])

    @router.get("/dashboards", include_in_schema=False)
    async def dashboards(
        who: Annotated[SignedIn, Depends(identity.visiting(Right.READ))], span: Span = Span.DAY
    ) -> Response:
        try:
            shown = _for(who, await parts.figures.show(span))
            known = {
                "sections": view_of(shown, parts.price.currency),
                "source": source_words(shown),
                "at": moment_text(shown.at),
                "problem": "",
            }
        except SystemicError as error:
            known = {"sections": (), "source": "", "at": "", "problem": str(error)}
        values = {
            **known,
            "reviewer": who.reviewer,
            "csrf": who.session.csrf if who.session else "",
            "spans": _SPANS,
            "span": span,
            "every": parts.every,
        }
        return pages.answer("dashboards.html", values)

    @router.get("/v1/figures", summary="The figures of the dashboards page")
    async def figures(
        who: Annotated[SignedIn, Depends(identity.allowed(Right.READ))], span: Span = Span.DAY
    ) -> FiguresAnswer:
        shown = _for(who, await parts.figures.show(span))
        return FiguresAnswer(
            span=span,
            at=shown.at,
            source=shown.known.source,
            since=shown.known.since,
            sections={view.name: _answers(view) for view in view_of(shown, parts.price.currency)},
        )

    return router


def _for(who: SignedIn, shown: Dashboards) -> Dashboards:
    return shown if who.reviewer.queues is None else shown.without_sensitive()


def _answers(view: SectionView) -> tuple[FigureAnswer, ...]:
    return tuple(
        FigureAnswer(
            name=block.name,
            title=block.title,
            about=block.about,
            kind=block.kind,
            unit=block.unit,
            heads=tuple(row.moment or row.head for row in block.rows),
            values={"": (block.number,)}
            if block.kind == "tile"
            else {
                column: tuple(float(row.cells[n].value) if row.cells[n].value else None for row in block.rows)
                for n, column in enumerate(block.columns)
            },
        )
        for block in (*view.tiles, *view.blocks)
    )
