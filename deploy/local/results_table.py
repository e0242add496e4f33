"""The table at the end: each sample with its decision, labels, reasons, scores and time."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from deploy.local.live_view import decision_cell
from deploy.local.results import Decided, Refused, Screened, Undecided
from services.cli.tracks import Finding

_SHORT = {"ai_detector": "AI", "voice_matcher": "voice"}


def results_table(screened: Sequence[Screened]) -> Table:
    """``✓`` in front of a decision: it is the expected one, with the expected reasons and labels."""
    table = Table(header_style="bold", show_lines=True)
    table.add_column("track", overflow="fold")
    table.add_column("decision", no_wrap=True)
    for name in ("labels", "reasons", "scores"):
        table.add_column(name, overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    for one in screened:
        table.add_row(*cells(one))
    return table


def cells(screened: Screened) -> tuple[str, ...]:
    sample, given = screened.sample, screened.given
    said = "\n".join(screened.reasons)
    if isinstance(given, Undecided):
        said = given.why
    elif isinstance(given, Refused):
        said = f"{said}\n{given.says}" if said else given.says
    again = "\n[dim]decided before[/]" if isinstance(given, Decided) and given.repeated else ""
    return (
        f"{escape(sample.title)}\n[dim]{escape(sample.path.name)}[/]",
        decision_cell(screened) + again,
        escape("\n".join(screened.labels)),
        escape(said),
        escape("\n".join(map(score_text, given.track.findings))) if isinstance(given, Decided) else "",
        f"{given.seconds:.1f} s",
    )


def score_text(finding: Finding) -> str:
    """``voice match 7.41 (p 0.99)``. The score of no match is that of the highest protected artist."""
    text = f"{_SHORT.get(finding.detector, finding.detector)} {finding.verdict}"
    text += f" {finding.score:.2f}" if finding.score is not None else ""
    return text + (f" (p {finding.probability:.2f})" if finding.probability is not None else "")
