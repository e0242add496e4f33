"""A comparison as JSON and as a table for the terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

from services.policy.backtest.compare import Agreement, Comparison
from shared.events import Outcome

OUTCOMES = tuple(outcome.value for outcome in (Outcome.PUBLISH, Outcome.LABEL, Outcome.QUARANTINE))
_SHOWN_ROWS = 15


def as_json(found: Comparison, limits_broken: Sequence[str]) -> dict[str, Any]:
    before, after = found.reviews_a_day
    return {
        "candidate": found.candidate,
        "against": dict(found.versions),
        "from": found.first.isoformat() if found.first else None,
        "to": found.last.isoformat() if found.last else None,
        "decisions": found.decisions,
        "without_input": found.without_input,
        "changed": found.changed,
        "changed_share": round(found.changed_share, 6),
        "flows": [
            {"before": was, "after": would, "decisions": count}
            for (was, would), count in sorted(found.flows.items())
        ],
        "distributors": {name: vars(share) for name, share in sorted(found.distributors.items())},
        "reasons": _both(found.reasons_before, found.reasons_after),
        "labels": _both(found.labels_before, found.labels_after),
        "moderators": {"before": _agreement(found.before), "after": _agreement(found.after)},
        "reviews_a_day": {
            "before": round(before, 3),
            "after": round(after, 3),
            "more": round(after - before, 3),
        },
        "examples": [vars(example) for example in found.examples],
        "limits_broken": list(limits_broken),
    }


def _both(before: dict[str, int], after: dict[str, int]) -> dict[str, dict[str, int]]:
    return {
        code: {"before": before.get(code, 0), "after": after.get(code, 0)}
        for code in sorted({*before, *after})
    }


def _agreement(agreement: Agreement) -> dict[str, float | int | None]:
    return {**vars(agreement), "precision": agreement.precision, "recall": agreement.recall}


def as_text(found: Comparison, limits_broken: Sequence[str]) -> str:
    return "\n".join(_lines(found, limits_broken)) + "\n"


def _lines(found: Comparison, limits_broken: Sequence[str]) -> Iterator[str]:
    before, after = found.reviews_a_day
    yield f"{found.candidate} against {found.decisions} decisions on record ({found.days:.1f} days)"
    yield f"{found.changed} would change ({found.changed_share:.1%})"
    yield ""
    yield from table(
        ("on record", *(f"→ {outcome}" for outcome in OUTCOMES)),
        [(was, *(str(found.flows[was, would]) for would in OUTCOMES)) for was in OUTCOMES],
    )
    yield ""
    yield f"reviews a day: {before:.1f} → {after:.1f} ({after - before:+.1f})"
    for name, was, would in (
        ("precision", found.before.precision, found.after.precision),
        ("recall", found.before.recall, found.after.recall),
    ):
        yield f"{name} against moderators: {share(was)} → {share(would)}"
    moved = [
        (code, str(counts["before"]), str(counts["after"]), f"{counts['after'] - counts['before']:+d}")
        for code, counts in _both(found.reasons_before, found.reasons_after).items()
        if counts["before"] != counts["after"]
    ]
    if moved:
        yield ""
        yield from table(("reason", "before", "after", "change"), moved[:_SHOWN_ROWS])
    rows = sorted(found.distributors.items(), key=lambda item: (-item[1].changed, item[0]))
    yield ""
    yield from table(
        ("distributor", "decisions", "change", "held", "would be held"),
        [
            (name, str(s.decisions), str(s.changed), str(s.held_before), str(s.held_after))
            for name, s in rows[:_SHOWN_ROWS]
        ],
    )
    if found.examples:
        yield ""
        yield from table(
            ("example", "on record", "would be", "because"),
            [(one.track_id, one.before, one.after, ", ".join(one.reasons_after)) for one in found.examples],
        )
    for limit in limits_broken:
        yield f"✗ {limit}"


def share(value: float | None) -> str:
    return "nothing to tell" if value is None else f"{value:.1%}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
