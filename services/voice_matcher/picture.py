"""Scores over time as a PNG, for a reviewer's file. Needs matplotlib."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from services.voice_matcher.domain import Calibration, HeardVoice
from services.voice_matcher.evidence import FUSED


def draw(
    out: Path,
    title: str,
    heard: HeardVoice,
    segments: Mapping[str, Sequence[float]],
    calibration: Calibration,
) -> None:
    """One bar per window for the fused score, a line per network, the thresholds across."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.add_subplot()
    middles = [(window.start + window.end) / 2 for window in heard.windows]
    widths = [window.end - window.start for window in heard.windows]
    axes.bar(middles, segments[FUSED], width=widths, alpha=0.35, edgecolor="black", label="both networks")
    for name, values in segments.items():
        if name != FUSED:
            axes.plot(middles, values, marker="o", label=name)
    axes.axhline(calibration.match, linestyle="--", color="black", label="match")
    axes.axhline(calibration.possible, linestyle=":", color="black", label="possible")
    axes.set_xlabel("seconds")
    axes.set_ylabel("normalised score")
    axes.set_title(title)
    axes.legend(loc="best")
    FigureCanvasAgg(figure)
    figure.savefig(out, format="png")
