"""The load test's result as a picture: how long tracks waited, and where the CPU went. Pure SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_WIDTH, _LEFT, _BAR, _GAP = 760, 210, 15, 6
_INK, _FAINT = "#24292f", "#d0d7de"
_COLOURS = {"p50": "#4c9f70", "p95": "#e0a458", "p99": "#c8553d"}
_CPU = "#4f6d9a"


def chart(values: Mapping[str, Any]) -> str:
    """``values`` are those of ``bench_report.report``."""
    parts: list[str] = []
    head = (
        f"{values['decided']} of {values['accepted']} tracks decided, {values['lost']} lost, "
        f"{values['decided_twice']} twice; {values['cpu_seconds_per_3min_track']} CPU s for 3 minutes, "
        f"{values['tracks_per_minute_per_core']} tracks a minute a core"
    )
    y = _text(parts, 28, head, size=14, bold=True)
    stages = {"upload to decision": values["upload_to_decision_s"], **values["stages_s"]}
    y = _text(parts, y + 14, "Seconds: median, 95th and 99th percentile", size=12)
    y = _grouped(parts, y, stages)
    y = _text(parts, y + 22, "CPU seconds for 3 minutes of audio, by service", size=12)
    y = _bars(parts, y, values["cpu_seconds_per_3min_track_by_service"])
    y = _text(parts, y + 22, "Share of tracks decided within so many seconds", size=12)
    y = _curve(parts, y, values["upload_to_decision_all_s"])
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" '
        f'aria-label="{escape(head)}" font-family="system-ui, sans-serif">\n'
        f'<rect width="{_WIDTH}" height="{y}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _text(parts: list[str], y: int, text: str, *, size: int, bold: bool = False) -> int:
    weight = ' font-weight="600"' if bold else ""
    parts.append(f'<text x="16" y="{y}" font-size="{size}" fill="{_INK}"{weight}>{escape(text)}</text>')
    return y + 10


def _grouped(parts: list[str], y: int, stages: Mapping[str, Mapping[str, float]]) -> int:
    most = max((value for stage in stages.values() for value in stage.values()), default=1.0) or 1.0
    for name, stage in stages.items():
        _name(parts, y + 22, name)
        for quantile, value in stage.items():
            _bar(parts, y, value / most, f"{quantile} {value:.2f} s", _COLOURS[quantile])
            y += _BAR
        y += _GAP
    return y


def _bars(parts: list[str], y: int, values: Mapping[str, float | None]) -> int:
    known = {name: value for name, value in values.items() if value is not None}
    most = max(known.values(), default=1.0) or 1.0
    for name, value in known.items():
        _name(parts, y + 11, name)
        _bar(parts, y, value / most, f"{value:.2f}", _CPU)
        y += _BAR + _GAP
    return y


def _name(parts: list[str], y: int, name: str) -> None:
    parts.append(
        f'<text x="{_LEFT - 10}" y="{y}" font-size="11" text-anchor="end" fill="{_INK}">{escape(name)}</text>'
    )


def _bar(parts: list[str], y: int, share: float, text: str, colour: str) -> None:
    width = max(1.0, share * (_WIDTH - _LEFT - 110))
    parts.append(
        f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 3}" rx="2" fill="{colour}"/>'
    )
    parts.append(
        f'<text x="{_LEFT + width + 6:.1f}" y="{y + 10}" font-size="10" fill="{_INK}">{escape(text)}</text>'
    )


def _curve(parts: list[str], y: int, latencies: Sequence[float]) -> int:
    height, right = 120, _WIDTH - 40
    bottom = y + height
    parts.append(f'<path d="M{_LEFT} {y} V{bottom} H{right}" fill="none" stroke="{_FAINT}"/>')
    if latencies:
        longest = max(latencies) or 1.0
        points = " ".join(
            f"{_LEFT + latency / longest * (right - _LEFT):.1f},"
            f"{bottom - (rank + 1) / len(latencies) * height:.1f}"
            for rank, latency in enumerate(latencies)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_CPU}" stroke-width="2"/>')
        parts.append(
            f'<text x="{right}" y="{bottom + 14}" font-size="10" text-anchor="end">{longest:.1f} s</text>'
        )
    parts.append(f'<text x="{_LEFT - 10}" y="{y + 8}" font-size="10" text-anchor="end">100 %</text>')
    parts.append(f'<text x="{_LEFT}" y="{bottom + 14}" font-size="10">0 s</text>')
    return bottom + 30
