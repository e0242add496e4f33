"""A comparison as one HTML page with charts; it loads nothing from anywhere."""

from collections.abc import Iterable, Sequence
from html import escape

from services.policy.backtest.compare import Comparison
from services.policy.backtest.report import OUTCOMES, share

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--paper:#fff;--line:#d9dee3;
--a:#8a96a3;--b:#2f6fde}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf0;--soft:#9aa5b1;--paper:#14181d;--line:#313941;--a:#6d7985;
--b:#6ea3ff}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);
max-width:60rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
p.big{font-size:1.2rem}.soft{color:var(--soft)}.bad{color:#c0392b;font-weight:600}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right}td.same{color:var(--soft)}code{font-size:.85em}
svg{display:block;width:100%;height:auto}svg text{fill:var(--ink);font-size:12px}
.before{fill:var(--a)}.after{fill:var(--b)}
"""
_BAR, _GAP, _LEFT, _WIDTH = 12, 12, 220, 760


def as_html(found: Comparison, limits_broken: Sequence[str]) -> str:
    before, after = found.reviews_a_day
    parts = [
        f"<h1>Backtest of {escape(found.candidate)}</h1>",
        (
            f'<p class="big">{found.changed} of {found.decisions} decisions would change '
            f"({found.changed_share:.1%}). Reviews a day: {before:.1f} → {after:.1f}.</p>"
        ),
        *(f'<p class="bad">✗ {escape(limit)}</p>' for limit in limits_broken),
        (
            f'<p class="soft">On record: {escape(", ".join(sorted(found.versions)) or "nothing")}; '
            f"{found.days:.1f} days.</p>"
        ),
        "<h2>From what into what</h2>",
        _flows(found),
        "<h2>Outcomes</h2>",
        chart((outcome, _was(found, outcome), _would(found, outcome)) for outcome in OUTCOMES),
        "<h2>Against what moderators said</h2>",
        _table(
            ("", "on record", "candidate"),
            [
                ("precision", share(found.before.precision), share(found.after.precision)),
                ("recall", share(found.before.recall), share(found.after.recall)),
                ("held, and rightly", str(found.before.held_rightly), str(found.after.held_rightly)),
                ("held, and wrongly", str(found.before.held_wrongly), str(found.after.held_wrongly)),
            ],
        ),
        (
            '<p class="soft">Moderators look at what was held; what was let out and nobody looked at is in '
            "no number here.</p>"
        ),
        "<h2>Reasons</h2>",
        chart(
            (code, found.reasons_before[code], found.reasons_after[code])
            for code in sorted({*found.reasons_before, *found.reasons_after})
        ),
        "<h2>Held tracks by distributor</h2>",
        chart(
            (name, one.held_before, one.held_after)
            for name, one in sorted(found.distributors.items(), key=lambda item: -item[1].changed)[:25]
        ),
        "<h2>Examples</h2>",
        _table(
            ("track", "distributor", "on record", "would be", "because"),
            [
                (e.track_id, e.distributor, e.before, e.after, ", ".join(e.reasons_after))
                for e in found.examples
            ],
        ),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>Backtest of {escape(found.candidate)}</title>'
        f"<style>{_STYLE}</style><body>{''.join(parts)}</body></html>\n"
    )


def chart(rows: Iterable[tuple[str, int, int]]) -> str:
    """Two bars a row: on record, and under the candidate."""
    listed = list(rows)
    most = max((max(before, after) for _, before, after in listed), default=0) or 1
    height = len(listed) * (2 * _BAR + _GAP) + 24
    drawn = [
        f'<text x="{_LEFT}" y="12"><tspan>▪ on record (grey)   ▪ candidate (blue)</tspan></text>',
    ]
    for number, (name, before, after) in enumerate(listed):
        top = 24 + number * (2 * _BAR + _GAP)
        drawn.append(
            f'<text x="{_LEFT - 8}" y="{top + _BAR + 4}" text-anchor="end">{escape(name[:32])}</text>'
        )
        for kind, count, y in (("before", before, top), ("after", after, top + _BAR)):
            wide = round((_WIDTH - _LEFT - 60) * count / most, 1)
            drawn.append(f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{wide}" height="{_BAR - 1}"/>')
            drawn.append(f'<text x="{_LEFT + wide + 4}" y="{y + 10}">{count}</text>')
    inside = "".join(drawn)
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="before and after">{inside}</svg>'


def _flows(found: Comparison) -> str:
    rows = [(was, *(str(found.flows[was, would]) for would in OUTCOMES)) for was in OUTCOMES]
    return _table(("on record", *(f"would be {outcome}" for outcome in OUTCOMES)), rows)


def _was(found: Comparison, outcome: str) -> int:
    return sum(count for (was, _), count in found.flows.items() if was == outcome)


def _would(found: Comparison, outcome: str) -> int:
    return sum(count for (_, would), count in found.flows.items() if would == outcome)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
