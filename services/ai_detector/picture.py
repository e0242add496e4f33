"""A measurement as a picture: residual spectrum with its teeth, and scores along time. Needs matplotlib."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from services.ai_detector.decoders import likely_decoders
from services.ai_detector.evidence import clock, percentile, reasons
from services.ai_detector.measurement import Measurement
from services.ai_detector.readout import Readout
from services.ai_detector.residual_view import ResidualView
from shared.events.finding import Verdict

_COLOUR = {
    Verdict.LIKELY_GENERATED: "#b3261e",
    Verdict.INCONCLUSIVE: "#b26a00",
    Verdict.NOT_DETECTED: "#2e6b3a",
}
_INK, _FAINT = "#37424d", "#9aa5b1"


def draw(name: str, measured: Measurement, view: ResidualView, readout: Readout, target: Path) -> None:
    """Write a PNG of 1600 by 1000 pixels. `measured` has a score.

    Raises:
        OSError: the file cannot be written.
    """
    figure = Figure(figsize=(16, 10), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, height_ratios=[3, 2])
    _spectrum(above, measured, view)
    _along_time(below, measured, readout)
    figure.suptitle(_headline(name, measured, readout), x=0.01, ha="left", fontsize=12)
    figure.savefig(target, format="png")


def _headline(name: str, measured: Measurement, readout: Readout) -> str:
    probability = f"{measured.probability:.3f}" if measured.probability is not None else "none"
    words = str(measured.verdict).replace("_", " ")
    return (
        f"{_plain(name)}: {words}, probability {probability} ({measured.model_version})\n"
        f"{percentile(measured, readout)['says']}\n{reasons(measured)[0]}"
    )


def _spectrum(axes: Axes, measured: Measurement, view: ResidualView) -> None:
    axes.plot(view.hertz / 1000, view.decibels, color=_INK, linewidth=0.5, label="residual spectrum")
    for stands_out, colour, label in ((True, "#b3261e", "tooth found"), (False, _FAINT, "tooth expected")):
        teeth = [tooth for tooth in view.teeth if tooth.stands_out is stands_out]
        axes.scatter(
            [tooth.hz / 1000 for tooth in teeth],
            [tooth.height_db for tooth in teeth],
            s=22,
            marker="v",
            color=colour,
            label=f"{label} ({len(teeth)})",
            zorder=3,
        )
    low, high = np.quantile(view.decibels, [0.001, 0.9999])
    tallest = max((tooth.height_db for tooth in view.teeth), default=0.0)
    axes.set_ylim(float(low) - 1, max(float(high), tallest) + 2)
    axes.set_xlim(view.hertz[0] / 1000, view.hertz[-1] / 1000)
    axes.set_xlabel("kHz")
    axes.set_ylabel("dB above the local floor")
    axes.set_title(_comb(measured, view), loc="left", fontsize=11)
    if view.teeth:
        axes.legend(loc="upper right", frameon=False)


def _comb(measured: Measurement, view: ResidualView) -> str:
    taken = f"; echoes taken out: {view.echoes}" if view.echoes else ""
    if measured.spacing_hz is None:
        return f"No comb stands out{taken}"
    names = [family.name for family in likely_decoders(measured.spacing_hz, measured.origins)]
    fits = "; fits " + ", ".join(names) if names else "; fits no published decoder"
    return f"Teeth every {measured.spacing_hz:.2f} Hz{fits}{taken}"


def _along_time(axes: Axes, measured: Measurement, readout: Readout) -> None:
    passages = measured.passages
    end = passages[-1].end if passages else measured.seconds_measured
    scores = [p.score for p in passages] + ([] if measured.score is None else [measured.score])
    if passages and measured.bandwidth_hz is not None:
        condition = readout.condition(min(p.end - p.start for p in passages), measured.bandwidth_hz)
        low = min([*scores, condition.inconclusive]) - 1
        high = max([*scores, condition.likely]) + 1
        for bottom, top, verdict in (
            (low, condition.inconclusive, Verdict.NOT_DETECTED),
            (condition.inconclusive, condition.likely, Verdict.INCONCLUSIVE),
            (condition.likely, high, Verdict.LIKELY_GENERATED),
        ):
            axes.axhspan(bottom, top, color=_COLOUR[verdict], alpha=0.09, linewidth=0)
            axes.text(end, (bottom + top) / 2, f" {str(verdict).replace('_', ' ')}", va="center", fontsize=9)
        axes.set_ylim(low, high)
    for passage in passages:
        axes.hlines(passage.score, passage.start, passage.end, color=_COLOUR[passage.verdict], linewidth=4)
    for stretch in measured.ranges:
        axes.axvspan(stretch.start, stretch.end, color="#b3261e", alpha=0.12, linewidth=0)
        middle = (stretch.start + stretch.end) / 2
        axes.text(middle, axes.get_ylim()[0], "stands out by itself", ha="center", va="bottom", fontsize=9)
    if measured.score is not None:
        axes.axhline(measured.score, color=_INK, linewidth=1, linestyle="--")
        axes.text(0, measured.score, " whole", va="bottom", fontsize=9, color=_INK)
    axes.set_xlim(0, end)
    ticks = np.arange(0, end + 1e-9, max(10.0, 10 * np.ceil(end / 150)))
    axes.set_xticks(ticks, [clock(float(tick)) for tick in ticks])
    axes.set_ylabel("score")
    axes.set_title(
        "Score of each ten seconds by itself, thresholds for that much audio", loc="left", fontsize=11
    )


def _plain(name: str) -> str:
    """Without what matplotlib would read as mathematics, or a font lacks."""
    return "".join(c if c.isprintable() and c != "$" else "?" for c in name)
