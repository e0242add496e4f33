"""``trackgate dlq``: what services gave up on."""

import asyncio
import itertools
import json as json_text
import sys
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from services.cli.adapters.dead_letter_reader import DeadLetterReader
from services.cli.commands.dead_letter_choice import (
    ErrorType,
    Key,
    Newer,
    Older,
    Service,
    Topic,
    choice_of,
)
from services.cli.console import EXIT_FAILED, age, err, fail, out, plain_words, print_json
from services.cli.dead_letters import Choice, DeadLetter, dead_letter_topics
from services.cli.options import DEFAULT_KAFKA, Json, Kafka
from services.cli.replay import Before, Impossible, Pace, Replay, Replayed, Step
from services.cli.replay_position import Position
from shared.clock import SystemClock
from shared.stream.confluent_publisher import ConfluentPublisher

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Dead letters: see what services gave up on, and hand it back to them once the cause is fixed.",
)


@app.command("list")
def list_letters(
    kafka: Kafka = DEFAULT_KAFKA,
    topic: Topic = None,
    service: Service = None,
    error_type: ErrorType = None,
    key: Key = None,
    older_than: Older = None,
    newer_than: Newer = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 200,
    *,
    json: Json = False,
) -> None:
    """List dead letters: which service gave up on what, why, and whether it was replayed.

    [dim]$[/] trackgate dlq list --service ai_detector --newer-than 2h
    [dim]$[/] trackgate dlq list --error-type contract --json
    """
    choice = choice_of(topic, service, error_type, key, older_than, newer_than)
    now = datetime.now(UTC)
    with plain_words(), DeadLetterReader(kafka, dead_letter_topics(choice)) as reader:
        chosen = (letter for letter in reader.letters() if choice.takes(letter, now))
        letters = list(itertools.islice(chosen, limit + 1))
        positions = reader.load()
    replayed = {
        letter.id: positions.get((letter.message.topic, letter.message.partition), Position(0)).has(
            letter.message.offset
        )
        for letter in letters
    }
    if json:
        print_json([_as_json(letter, replayed=replayed[letter.id]) for letter in letters[:limit]])
        return
    if not letters:
        out.print("no dead letters" if choice == Choice() else "no dead letters that match")
        return
    table = Table("dead letter", "key", "why", "", header_style="bold", box=None, pad_edge=False)
    table.add_column("age", justify="right")
    for letter in letters[:limit]:
        why = f"[yellow]{escape(letter.error_type)}[/] {escape(letter.error_message)}"
        mark = "[dim]replayed[/]" if replayed[letter.id] else ""
        table.add_row(letter.id, escape(letter.key), why, mark, age(letter.message.timestamp, now))
    out.print(table)
    if len(letters) > limit:
        out.print(f"… and more: raise --limit {limit}")


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="DEAD_LETTER", help="As `dlq list` names it.")],
    kafka: Kafka = DEFAULT_KAFKA,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="The original bytes and nothing else.")] = False,
    json: Json = False,
) -> None:
    """Show one dead letter: its headers and its original bytes.

    [dim]$[/] trackgate dlq show tracks.uploaded.ai_detector.dlq/0/17
    [dim]$[/] trackgate dlq show tracks.uploaded.ai_detector.dlq/0/17 --raw > letter.json
    """
    choice = choice_of(ids=(letter_id,))
    with plain_words(), DeadLetterReader(kafka, dead_letter_topics(choice)) as reader:
        letter = next((one for one in reader.letters() if one.id == letter_id), None)
    if letter is None:
        fail(f"no dead letter {letter_id}: `trackgate dlq list` names them")
    value = letter.message.value or b""
    if raw:
        sys.stdout.buffer.write(value)
        return
    if json:
        print_json(_as_json(letter, replayed=None) | {"value": value.decode(errors="replace")})
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("[bold]key[/]", escape(letter.key))
    table.add_row("[bold]buried at[/]", str(letter.message.timestamp))
    for name in sorted(letter.message.headers):
        table.add_row(f"[dim]{name}[/]", escape(letter.text(name)))
    out.print(table)
    out.print(_readable(value), markup=False)


@app.command()
def replay(
    letters: Annotated[
        list[str] | None, typer.Argument(metavar="[DEAD_LETTER]…", help="Only these; all when left out.")
    ] = None,
    kafka: Kafka = DEFAULT_KAFKA,
    topic: Topic = None,
    service: Service = None,
    error_type: ErrorType = None,
    key: Key = None,
    older_than: Older = None,
    newer_than: Newer = None,
    rate: Annotated[float, typer.Option(min=0.01, help="At most so many a second.")] = 20.0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many in all.")] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Those replayed before as well.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Hand dead letters back to the service that gave up on them, and to no other.

    Original key, bytes and headers go to that service's first retry topic, due at once. Each dead letter is
    replayed once, whoever asks; [b]--again[/] insists. Fix the cause first: what fails again comes back here.

    [dim]$[/] trackgate dlq replay --dry-run
    [dim]$[/] trackgate dlq replay --service ai_detector --error-type transient --rate 5
    [dim]$[/] trackgate dlq replay tracks.uploaded.ai_detector.dlq/0/17 --again

    Exit status 1 when one of them has nowhere to go, or one that was named is not there.
    """
    choice = choice_of(topic, service, error_type, key, older_than, newer_than, letters or ())
    if sys.stdin.isatty() and not (dry_run or yes or json):
        typer.confirm("Replay the dead letters that match?", abort=True)
    steps: list[Step] = []
    with plain_words(), DeadLetterReader(kafka, dead_letter_topics(choice)) as reader:
        now = datetime.now(UTC)
        chosen = (letter for letter in reader.letters() if choice.takes(letter, now))

        async def run() -> None:
            pace = Pace(rate, time.monotonic, asyncio.sleep)
            async with ConfluentPublisher(kafka) as publisher:
                job = Replay(reader, publisher, SystemClock(), pace, again=again, dry=dry_run)
                with _progress() as progress:
                    task = progress.add_task("replaying", total=None)

                    def tell(step: Step) -> None:
                        steps.append(step)
                        progress.advance(task)

                    await job.run(chosen, tell, limit=limit)

        asyncio.run(run())
    unmet = choice.ids - {step.letter.id for step in steps} if limit is None else frozenset()
    _report(steps, sorted(unmet), dry_run=dry_run, json=json)


def _report(steps: list[Step], unmet: list[str], *, dry_run: bool, json: bool) -> None:
    """``unmet`` were named, and no dead letter has that name."""
    impossible = [step for step in steps if isinstance(step, Impossible)]
    replayed = [step for step in steps if isinstance(step, Replayed)]
    before = sum(isinstance(step, Before) for step in steps)
    if json:
        print_json(
            {
                "dry_run": dry_run,
                "replayed": [{"dead_letter": step.letter.id, "to": step.to} for step in replayed],
                "replayed_before": before,
                "impossible": [{"dead_letter": s.letter.id, "reason": s.reason} for s in impossible],
                "not_found": unmet,
            }
        )
    else:
        for step in replayed:
            out.print(f"[green]✓[/] {step.letter.id} [dim]→[/] {step.to}")
        for failed in impossible:
            err.print(f"[red]✗[/] {failed.letter.id}: {escape(failed.reason)}")
        for name in unmet:
            err.print(f"[red]✗[/] {escape(name)}: no such dead letter; `trackgate dlq list` names them")
        verb = "would be replayed" if dry_run else "replayed"
        out.print(f"{len(replayed)} {verb}, {before} replayed before, {len(impossible)} with nowhere to go")
    if impossible or unmet:
        raise typer.Exit(EXIT_FAILED)


def _as_json(letter: DeadLetter, *, replayed: bool | None) -> dict[str, Any]:
    return {
        "dead_letter": letter.id,
        "origin": f"{letter.origin}/{letter.text('x-origin-partition')}/{letter.text('x-origin-offset')}",
        "service": letter.service,
        "key": letter.key,
        "error_type": letter.error_type,
        "error_message": letter.error_message,
        "attempt": letter.text("x-attempt"),
        "first_failed_at": letter.text("x-first-failed-at"),
        "buried_at": letter.message.timestamp,
        "replays": letter.replays,
        "replayed": replayed,
        "headers": {name: letter.text(name) for name in sorted(letter.message.headers)},
    }


def _readable(value: bytes) -> str:
    """JSON indented; other text as it is; other bytes in hex, the first of them."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        beyond = f" … {len(value)} bytes in all" if len(value) > 256 else ""  # noqa: PLR2004 - a screen's worth
        return value[:256].hex(" ", 4) + beyond
    try:
        return json_text.dumps(json_text.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), console=err, transient=True
    )
