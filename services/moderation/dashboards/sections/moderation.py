"""The people: how much waits for them, how long, and how often they disagree."""

from services.moderation.dashboards.expressions import Grown, Level, Share
from services.moderation.dashboards.figures import Line, Plot, Ranking, Section, Shape, Tile, Unit
from services.moderation.dashboards.sections import measures

_APPEALS = "trackgate_moderation_appeals_by_reason_total"


def _queue(state: str) -> Level:
    return Level("trackgate_moderation_cases", "max", where=(("state", (state,)),))


MODERATION = Section(
    "moderation",
    "Moderation",
    (
        Tile("open", "Open cases", "Held tracks that wait for a person.", _queue("open"), limit=500),
        Tile(
            "oldest",
            "Oldest case",
            "How long the artist who waits longest has waited.",
            Level("trackgate_moderation_oldest_case_seconds", "max"),
            Unit.SECONDS,
            86_400,
        ),
        Tile(
            "overdue",
            "Overdue",
            "Open beyond their due time.",
            Level("trackgate_moderation_overdue_cases", "max"),
            limit=1,
        ),
        Tile(
            "breaches",
            "Due times missed",
            "Since the queue was last rebuilt.",
            Level("trackgate_moderation_breaches", "max"),
            limit=1,
        ),
        Tile(
            "overturned",
            "Overturned",
            "Answers that published a held track without a label: what the policy costs the innocent.",
            Share(measures.OVERTURNED, measures.ANSWERED),
            Unit.SHARE,
            0.5,
        ),
        Plot(
            "queue",
            "Queue",
            "Open: wait for a person. Free: unclaimed.",
            (Line("open", _queue("open")), Line("free", _queue("free"))),
        ),
        Plot(
            "answers",
            "Held and answered",
            "Held above answered for days: the queue grows without end.",
            (
                Line(
                    "held",
                    Grown(
                        "trackgate_decisions_total", where=(("by", ("policy",)), ("outcome", ("quarantine",)))
                    ),
                ),
                Line("answered", measures.ANSWERED),
            ),
        ),
        Plot(
            "overturns",
            "Overturned, over time",
            "Below some twenty answers a share says nothing.",
            (Line("overturned", Share(measures.OVERTURNED, measures.ANSWERED)),),
            Unit.SHARE,
        ),
        Ranking(
            "precision",
            "Answers by reason",
            "Share that people upheld of what each reason held. Low: the rule holds the wrong tracks.",
            "Reason",
            (
                Line("answered", Grown("trackgate_reviewed_reasons_total", ("code",))),
                Line(
                    "upheld",
                    Share(
                        Grown(
                            "trackgate_reviewed_reasons_total",
                            ("code",),
                            (("after", ("label", "reject", "quarantine")),),
                        ),
                        Grown("trackgate_reviewed_reasons_total", ("code",)),
                    ),
                ),
            ),
            (Unit.COUNT, Unit.SHARE),
        ),
        Ranking(
            "appeals",
            "Appeals by reason",
            "Share of answered appeals that people agreed with, of what each reason had held.",
            "Reason",
            (
                Line("answered", Grown(_APPEALS, ("reason",))),
                Line(
                    "agreed",
                    Share(
                        Grown(_APPEALS, ("reason",), (("outcome", ("overturned",)),)),
                        Grown(_APPEALS, ("reason",)),
                    ),
                ),
            ),
            (Unit.COUNT, Unit.SHARE),
        ),
        Plot(
            "bulk",
            "Bulk actions",
            "Cases by what became of them: answered, left because they changed meanwhile, undone.",
            (Line("", Grown("trackgate_moderation_bulk_cases_total", ("outcome",))),),
            shape=Shape.STACK,
        ),
    ),
)
