"""Tables and JSON of tracks."""

from typing import Any

from rich.markup import escape
from rich.table import Table

from services.cli.screening import Accepted, Decided, Failed, Result, Submission, Undecided
from services.cli.tracks import Track

_COLOURS = {"publish": "green", "label": "cyan", "quarantine": "yellow", "reject": "red"}


def coloured(state: str) -> str:
    return f"[{_COLOURS.get(state, 'dim')}]{escape(state)}[/]"


def _table(first: str) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column(first, overflow="fold", ratio=3)
    table.add_column("decision")
    table.add_column("labels", overflow="fold", ratio=2)
    table.add_column("reasons", overflow="fold", ratio=5)
    table.add_column("scores", overflow="fold", ratio=3)
    table.add_column("seconds", justify="right")
    return table


def results_table(submissions: list[Submission], results: list[Result]) -> Table:
    table = _table("file")
    for submission, result in zip(submissions, results, strict=True):
        name = escape(submission.path.name)
        match result:
            case Decided(track, seconds):
                table.add_row(_named(name, track.track_id), *_track_cells(track), f"{seconds:.1f}")
            case Accepted(track_id):
                table.add_row(_named(name, track_id), "[dim]accepted[/]")
            case Undecided(track_id, reason):
                table.add_row(_named(name, track_id), "[yellow]undecided[/]", "", escape(reason))
            case Failed(reason):
                table.add_row(name, "[red]refused[/]", "", escape(reason))
    return table


def tracks_table(tracks: list[Track]) -> Table:
    table = _table("track")
    for track in tracks:
        seconds = "" if track.seconds is None else f"{track.seconds:.1f}"
        table.add_row(_named(escape(track.title), track.track_id), *_track_cells(track), seconds)
    return table


def _named(name: str, track_id: str) -> str:
    return f"{name}\n[dim]{track_id}[/]"


def _track_cells(track: Track) -> tuple[str, str, str, str]:
    decision = track.decision
    return (
        coloured(track.state),
        "\n".join(escape(label.code) for label in decision.labels) if decision else "",
        "\n".join(escape(reason.text) for reason in decision.reasons) if decision else "",
        "\n".join(escape(finding.brief) for finding in track.findings),
    )


def result_json(submission: Submission, result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {"file": submission.path.name}
    match result:
        case Decided(track, seconds):
            return told | track_json(track) | {"seconds": round(seconds, 3)}
        case Accepted(track_id):
            return told | {"track_id": track_id, "decision": None}
        case Undecided(track_id, reason):
            return told | {"track_id": track_id, "decision": None, "error": reason}
        case Failed(reason):
            return told | {"track_id": None, "decision": None, "error": reason}


def track_json(track: Track) -> dict[str, Any]:
    decision = track.decision
    return {
        "track_id": track.track_id,
        "state": track.state,
        "final": track.final,
        "decision": decision.outcome if decision else None,
        "labels": [label.code for label in decision.labels] if decision else [],
        "reasons": [reason.model_dump() for reason in decision.reasons] if decision else [],
        "findings": [finding.model_dump() for finding in track.findings],
        "seconds": track.seconds,
    }
