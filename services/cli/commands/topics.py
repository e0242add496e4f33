"""``trackgate topics``."""

from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.adapters.broker_numbers import BrokerNumbers
from services.cli.console import EXIT_FAILED, err, out, plain_words, print_json
from services.cli.options import DEFAULT_KAFKA, DEFAULT_PARTITIONS, Json, Kafka, Partitions
from services.cli.topic_numbers import Lag, TopicNumbers, topic_numbers
from shared.stream.admin import TopicResult, TopicState, check_topics, create_topics
from shared.topics import TOPICS

_MARKS = {
    TopicState.CREATED: "[green]created[/]",
    TopicState.PRESENT: "",
    TopicState.MISSING: "[red]missing[/]",
    TopicState.WRONG_PARTITIONS: "[red]wrong partitions[/]",
    TopicState.REFUSED: "[red]refused[/]",
}


def topics(
    kafka: Kafka = DEFAULT_KAFKA,
    partitions: Partitions = DEFAULT_PARTITIONS,
    *,
    create: Annotated[bool, typer.Option("--create", help="Create those that are missing.")] = False,
    json: Json = False,
) -> None:
    """Show every topic: partitions, messages, and how far its readers are behind.

    Retry and dead-letter topics belong to one service each. With [b]--create[/] those that are missing are
    created; a second time nothing happens. A topic with another number of partitions is reported and left
    alone: more partitions would part what belongs together.

    [dim]$[/] trackgate topics
    [dim]$[/] trackgate topics --create --partitions 12

    Exit status 1 when a topic is missing or not as it should be.
    """
    with plain_words():
        found = (
            create_topics(kafka, partitions) if create else check_topics(kafka, partitions, timeout_seconds=5)
        )
        broker = BrokerNumbers(kafka)
        present = [topic for topic in found if topic.partitions]
        numbers = topic_numbers(found, broker.offsets(present), broker.committed(broker.groups()))
    if json:
        print_json([_as_json(one) for one in numbers])
    else:
        out.print(_table(numbers))
        for topic in found:
            if not topic.usable:
                err.print(f"[red]✗[/] {topic.name}: {topic.detail}")
    if not all(topic.usable for topic in found):
        raise typer.Exit(EXIT_FAILED)


def _table(numbers: tuple[TopicNumbers, ...]) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("topic", no_wrap=True)
    table.add_column("partitions", justify="right")
    table.add_column("messages", justify="right")
    table.add_column("behind")
    table.add_column("")
    for one in numbers:
        table.add_row(
            _name(one.topic),
            str(one.topic.partitions),
            str(one.messages),
            " · ".join(_lag(lag) for lag in one.lags),
            _MARKS[one.topic.state],
        )
    return table


def _name(topic: TopicResult) -> str:
    """Under its topic, a retry or dead-letter topic is shown by the rest of its name."""
    parent = next((known.name for known in TOPICS if topic.name.startswith(f"{known.name}.")), None)
    return topic.name if parent is None else f"[dim]  {topic.name.removeprefix(parent)}[/]"


def _lag(lag: Lag) -> str:
    told = f"{lag.group} {lag.behind}"
    if lag.never and lag.behind:
        told += " (never read)"
    return f"[yellow]{told}[/]" if lag.behind else f"[dim]{told}[/]"


def _as_json(one: TopicNumbers) -> dict[str, Any]:
    return {
        "topic": one.topic.name,
        "state": one.topic.state,
        "partitions": one.topic.partitions,
        "wanted_partitions": one.topic.wanted_partitions,
        "messages": one.messages,
        "lag": {lag.group: lag.behind for lag in one.lags},
    }
