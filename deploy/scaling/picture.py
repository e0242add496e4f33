"""The runs as a table and as a picture. Pure."""

import math
from collections.abc import Sequence
from html import escape

from deploy.scaling.measuring import Run

_WIDTH, _HEIGHT = 760, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 64, 56
_INK, _FAINT = "#24292f", "#d0d7de"
_COLOURS = ("#4f6d9a", "#c8553d", "#4c9f70", "#8a5fb0")
_HEAD = (
    "partitions",
    "workers",
    "tracks/min",
    "CPU s/track",
    "busy cores",
    "p50 s",
    "p95 s",
    "lost",
    "twice",
)


def table(runs: Sequence[Run]) -> str:
    rows = [
        (
            str(run.partitions),
            str(run.workers),
            f"{run.tracks_per_minute:.1f}",
            f"{run.cpu_seconds_per_3min_track:.2f}",
            f"{run.busy_cores:.2f} of {run.cores}",
            f"{run.p50_s:.1f}",
            f"{run.p95_s:.1f}",
            str(run.lost),
            str(run.decided_twice),
        )
        for run in runs
    ]
    widths = [max(len(row[n]) for row in (_HEAD, *rows)) for n in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in (_HEAD, *rows)
    )


def picture(runs: Sequence[Run], said: str) -> str:
    """Tracks a minute over partitions (log scale), a line for each number of workers. ``said`` heads it."""
    partitions = sorted({run.partitions for run in runs})
    workers = sorted({run.workers for run in runs})
    top = _nice(max(run.tracks_per_minute for run in runs))
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    widest = math.log2(partitions[-1]) or 1.0

    def x(count: int) -> float:
        return _LEFT + 12 + math.log2(count) / widest * (right - _LEFT - 24)

    def y(value: float) -> float:
        return bottom - value / top * (bottom - _TOP)

    parts = [
        _text(16, 28, said, size=14, weight=600),
        _text(16, 48, "3-minute tracks a minute, by partitions of tracks.* and workers of each detector"),
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<path d="M{_LEFT} {y(top * share):.1f} H{right}" stroke="{_FAINT}"/>')
        parts.append(_text(_LEFT - 8, y(top * share) + 4, f"{top * share:g}", anchor="end"))
    parts += [_text(x(count), bottom + 20, str(count), anchor="middle") for count in partitions]
    parts.append(_text((_LEFT + right) / 2, bottom + 42, "partitions", anchor="middle"))
    ends = []
    for number, count in enumerate(workers):
        mine = [run for run in runs if run.workers == count]
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join(f"{x(run.partitions):.1f},{y(run.tracks_per_minute):.1f}" for run in mine)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [
            f'<circle cx="{place.partition(",")[0]}" cy="{place.partition(",")[2]}" r="4" fill="{colour}"/>'
            for place in points.split()
        ]
        ends.append((y(mine[-1].tracks_per_minute), f"{count} worker{'s' if count > 1 else ''}", colour))
    below = -math.inf
    for height, name, colour in sorted(ends):
        below = max(height, below + 16)
        parts.append(_text(right + 14, below + 4, name, colour=colour, weight=600))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(said)}" font-family="system-ui, sans-serif">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 12,
    weight: int = 400,
    anchor: str = "start",
    colour: str = _INK,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(text)}</text>'
    )


def _nice(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value)
