"""The options that choose among dead letters, and the choice that they make."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from services.cli.console import duration
from services.cli.dead_letters import Choice, dead_letter_topics
from shared.topics import TOPICS

_PANEL = "Which ones"
Topic = Annotated[str | None, typer.Option(help="The topic they came from.", rich_help_panel=_PANEL)]
Service = Annotated[str | None, typer.Option(help="The service that gave up.", rich_help_panel=_PANEL)]
ErrorType = Annotated[str | None, typer.Option(help="As `dlq list` names it.", rich_help_panel=_PANEL)]
Key = Annotated[str | None, typer.Option(help="Their key: a track id.", rich_help_panel=_PANEL)]
Older = Annotated[str | None, typer.Option("--older-than", help="90s, 15m, 2h, 7d.", rich_help_panel=_PANEL)]
Newer = Annotated[str | None, typer.Option("--newer-than", help="90s, 15m, 2h, 7d.", rich_help_panel=_PANEL)]


def choice_of(
    topic: str | None = None,
    service: str | None = None,
    error_type: str | None = None,
    key: str | None = None,
    older_than: str | None = None,
    newer_than: str | None = None,
    ids: Sequence[str] = (),
) -> Choice:
    """Ages are durations as ``90s``, ``15m``, ``2h``, ``7d``.

    Raises:
        typer.BadParameter: an age is no duration; or dead letters of such a topic, service or name cannot be.
    """
    read = [one for one in TOPICS if one.consumers]
    _known(topic, (one.name for one in read), "--topic")
    _known(service, (name for one in read for name in one.consumers), "--service")
    for name in ids:
        if not dead_letter_topics(Choice(ids=frozenset({name}))):
            raise typer.BadParameter(f"{name!r} is no dead letter: `trackgate dlq list` names them")
    return Choice(
        topic=topic,
        service=service,
        error_type=error_type,
        key=key,
        older_than=duration(older_than) if older_than else None,
        newer_than=duration(newer_than) if newer_than else None,
        ids=frozenset(ids),
    )


def _known(said: str | None, names: Iterable[str], option: str) -> None:
    known = sorted(set(names))
    if said is not None and said not in known:
        raise typer.BadParameter(f"{said!r} has none: one of {', '.join(known)}", param_hint=option)
