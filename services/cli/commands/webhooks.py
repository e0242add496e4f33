"""``trackgate webhooks``: endpoints of distributors, what was delivered to them, and once more."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from services.cli.adapters.registry_api import RegistryApi
from services.cli.commands.registry_access import on_registry
from services.cli.console import duration, fail, out, plain_words, print_json
from services.cli.deliveries import Log, chosen, matching, read, row
from services.cli.options import (
    DEFAULT_KAFKA,
    Json,
    Kafka,
)
from shared.events import DeliveryStep, WebhookDelivery
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.stream.replay import replay
from shared.topics import DELIVERIES
from shared.views.deliveries import Delivery
from shared.webhooks.replaying import replayed

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Tell distributors of decisions.")

Distributor = Annotated[str | None, typer.Option("--distributor", help="Only this distributor's.")]
Steps = Annotated[list[DeliveryStep] | None, typer.Option("--step", help="Only what stands so; repeat it.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Only what was queued in the last 90s, 15m, 2h, 7d.")
]
_TONES = {
    DeliveryStep.DELIVERED: "green",
    DeliveryStep.FAILED: "yellow",
    DeliveryStep.GIVEN_UP: "red",
    DeliveryStep.HELD: "red",
}


@app.command("set")
@on_registry
def set_endpoint(
    api: RegistryApi,
    distributor_id: Annotated[str, typer.Argument(metavar="DISTRIBUTOR")],
    url: Annotated[str, typer.Argument(help="An https URL.")],
    *,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Replace the signing secret.")] = False,
    json: Json = False,
) -> None:
    """Register where a distributor is told of decisions. A new signing secret is told only once."""
    told = api.put(f"/v1/distributors/{distributor_id}/webhook", {"url": url, "new_secret": new_secret})
    if json:
        print_json(told)
        return
    out.print(f"[green]✓[/] {escape(distributor_id)} is told at {escape(told['url'])}")
    if told["secret"]:
        out.print("Its signing secret, told only now:")
        out.print(told["secret"], markup=False, soft_wrap=True)


@app.command("off")
@on_registry
def switch_off(
    api: RegistryApi,
    distributor_id: Annotated[str, typer.Argument(metavar="DISTRIBUTOR")],
) -> None:
    """Send a distributor nothing more. [b]set[/] switches it on again."""
    api.delete(f"/v1/distributors/{distributor_id}/webhook")
    out.print(f"[green]✓[/] {escape(distributor_id)} is told nothing more")


@app.command("list")
def list_deliveries(
    kafka: Kafka = DEFAULT_KAFKA,
    distributor: Distributor = None,
    step: Steps = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    *,
    json: Json = False,
) -> None:
    """What became of each delivery, newest first.

    [dim]$[/] trackgate webhooks list --distributor northwind --step failed --step held
    """
    with plain_words():
        found = _choose(_log(kafka), distributor, step, since)[:limit]
    if json:
        print_json([row(delivery) for delivery in found])
        return
    columns = ("delivery", "distributor", "track", "stands", "attempts", "answer", "next")
    table = Table(*columns, header_style="bold", box=None, pad_edge=False)
    for delivery in found:
        last = delivery.last
        tone = _TONES.get(last.step, "dim")
        table.add_row(
            last.delivery_id[:8],
            escape(last.distributor_id),
            last.track_id[:8],
            f"[{tone}]{last.step.value}[/]",
            str(last.attempt),
            escape(_answer(last)),
            f"{last.due_at:%d %b %H:%M:%S}" if delivery.waiting and last.due_at else "",
        )
    out.print(table)


@app.command("show")
def show(
    start: Annotated[
        str, typer.Argument(metavar="ID", help="Of a delivery or a track; its start is enough.")
    ],
    kafka: Kafka = DEFAULT_KAFKA,
    *,
    json: Json = False,
) -> None:
    """Every step of a delivery, and what is sent."""
    with plain_words():
        log = _log(kafka)
    found = matching(log, start)
    if not found:
        fail(f"no delivery begins with {start}")
    if json:
        print_json(
            [
                row(delivery)
                | {
                    "body": delivery.body,
                    "steps": [step.model_dump(exclude={"body"}) for step in _steps(log, delivery)],
                }
                for delivery in found
            ]
        )
        return
    for delivery in found:
        out.print(f"[bold]{delivery.last.delivery_id}[/] for {escape(delivery.last.distributor_id)}")
        for step in _steps(log, delivery):
            shown = f"[{_TONES.get(step.step, 'dim')}]{step.step.value:9}[/] {escape(_answer(step))}"
            out.print(f"  {step.occurred_at:%Y-%m-%d %H:%M:%S}  {shown}")
        out.print(f"  {delivery.body}", markup=False, soft_wrap=True)


@app.command("replay")
def replay_deliveries(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID…", help="Deliveries or tracks.")] = None,
    kafka: Kafka = DEFAULT_KAFKA,
    distributor: Distributor = None,
    step: Steps = None,
    since: Since = None,
    *,
    json: Json = False,
) -> None:
    """Send again, at once and with a full schedule of retries. The receiver knows a repeat by its webhook-id.

    [dim]$[/] trackgate webhooks replay 5f0c21d7
    [dim]$[/] trackgate webhooks replay --distributor northwind --step held --step given_up --since 7d
    """
    if not ids and distributor is None:
        fail("say which: ids, or --distributor with --step and --since", 2)
    with plain_words():
        log = _log(kafka)
        found: list[Delivery] = []
        for start in ids or ():
            matches = matching(log, start)
            if not matches:
                fail(f"no delivery begins with {start}; nothing is sent")
            found += matches
        if not ids:
            found = _choose(log, distributor, step, since)
        now = datetime.now(UTC)
        asyncio.run(_publish(kafka, [replayed(delivery, now) for delivery in found]))
    if json:
        print_json([row(delivery) for delivery in found])
    else:
        out.print(
            f"[green]✓[/] {len(found)} {'delivery' if len(found) == 1 else 'deliveries'} to be sent again"
        )


def _log(kafka: str) -> Log:
    return read(replay(DELIVERIES, kafka))


def _choose(
    log: Log, distributor: str | None, step: Sequence[DeliveryStep] | None, since: str | None
) -> list[Delivery]:
    earliest = None if since is None else datetime.now(UTC) - duration(since)
    return chosen(log, distributor=distributor, steps=step or (), since=earliest)


def _steps(log: Log, delivery: Delivery) -> list[WebhookDelivery]:
    return log.steps[delivery.last.delivery_id]


async def _publish(kafka: str, events: Sequence[WebhookDelivery]) -> None:
    async with ConfluentPublisher(kafka) as publisher:
        await asyncio.gather(
            *(publisher.publish(envelope(DELIVERIES, event, source="cli")) for event in events)
        )


def _answer(step: WebhookDelivery) -> str:
    said = [f"HTTP {step.status}"] if step.status is not None else []
    return ", ".join([*said, *([step.reason] if step.reason else [])])
