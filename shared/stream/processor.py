"""What happens to one message, whatever broker it came from: exactly one of output, retry, dead letter."""

import asyncio
import time
from enum import Enum
from typing import Any

import structlog

from shared import metrics, tracing
from shared.clock import Clock
from shared.errors import ContractError, SystemicError, TransientError
from shared.events import Event
from shared.stream import observation
from shared.stream.brake import DeadLetterBrake
from shared.stream.envelope import envelope
from shared.stream.handler import Subscription
from shared.stream.message import Message, Record
from shared.stream.outcome import Done, Outcome, Reject, Retry
from shared.stream.progress import Progress
from shared.stream.publisher import Publisher
from shared.stream.routing import Fault, dead_letter, retry_or_give_up

log = structlog.get_logger()
ABANDONED = "abandoned"
_WHY = metrics.Bounded(30)
OUTAGE_WAITS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Settlement(Enum):
    """Whether a message may be committed. An abandoned one comes again after the restart."""

    SETTLED = "settled"
    ABANDONED = "abandoned"


_WHY = metrics.Bounded(30)


class Processor:
    """Turns messages of one subscription into acknowledged records.

    ``process`` returns when the message is settled, so that its caller may commit it. While something shared
    is down it waits and tries the same message again, and when the brake is on it waits; both for as long as
    it takes, or until ``closing``, which abandons the message.
    """

    def __init__(
        self,
        service: str,
        subscription: Subscription[Any],
        publisher: Publisher,
        *,
        clock: Clock,
        brake: DeadLetterBrake,
        progress: Progress,
        retry_delays: tuple[float, ...],
        closing: asyncio.Event,
        outage_waits: tuple[float, ...] = OUTAGE_WAITS,
    ) -> None:
        self._service = service
        self._subscription = subscription
        self._publisher = publisher
        self._clock = clock
        self._brake = brake
        self._progress = progress
        self._retry_delays = retry_delays
        self._closing = closing
        self._outage_waits = outage_waits
        observation.announce(service, subscription.topic)

    async def process(self, message: Message) -> Settlement:
        started = time.monotonic()
        topic = self._subscription.topic.name
        with self._progress.working(), metrics.IN_HAND.labels(self._service).track_inprogress():
            outcome = await self._traced(message)
        metrics.MESSAGES.labels(self._service, topic, outcome).inc()
        metrics.HANDLING.labels(self._service, topic).observe(time.monotonic() - started)
        return Settlement.ABANDONED if outcome == ABANDONED else Settlement.SETTLED

    async def _traced(self, message: Message) -> str:
        about: dict[str, tracing.Attribute] = {
            "messaging.system": "kafka",
            "messaging.destination.name": message.topic,
            "messaging.destination.partition.id": str(message.partition),
            "messaging.kafka.offset": message.offset,
            "trackgate.key": (message.key or b"").decode(errors="replace"),
        }
        parent = tracing.parent_of(message.headers)
        name = f"{self._service} handles {self._subscription.topic.name}"
        with tracing.span(name, parent=parent, kind=tracing.SpanKind.CONSUMER, attributes=about) as span:
            outcome = await self._settle(message)
            span.set_attribute("trackgate.outcome", outcome)
            if outcome != "done":
                tracing.failed(span, outcome)
        return outcome

    async def _settle(self, message: Message) -> str:
        failures = 0
        condition = f"outage:{message.topic}:{message.partition}"
        while True:
            try:
                event = self._read(message)
                outcome = event if isinstance(event, Reject) else await self._handle(message, event)
                settled = await self._route(message, outcome)
            except SystemicError as error:
                wait = self._outage_waits[min(failures, len(self._outage_waits) - 1)]
                failures += 1
                self._progress.raise_condition(condition, f"not consuming {message.topic}: {error}")
                metrics.OUTAGES.labels(self._service, self._subscription.topic.name).inc()
                log.warning("outage, will try the same message again", topic=message.topic, error=str(error))
                if await self._closing_within(wait):
                    return ABANDONED
            else:
                self._progress.clear_condition(condition)
                if isinstance(outcome, Done) and isinstance(event, Event):
                    observation.done(
                        self._service, self._subscription.topic, event, outcome.outputs, now=self._clock.now()
                    )
                return settled

    def _read(self, message: Message) -> Event | Reject:
        try:
            return self._subscription.event.from_bytes(message.value)
        except ContractError as error:
            return Reject(str(error), kind="contract")

    async def _handle(self, message: Message, event: Event) -> Outcome:
        try:
            return await self._subscription.handle(event)
        except SystemicError:
            raise
        except TransientError as error:
            return Retry(str(error))
        except Exception as error:
            log.exception("a handler failed", topic=message.topic, offset=message.offset)
            return Retry(f"unexpected {type(error).__name__}")

    async def _route(self, message: Message, outcome: Outcome) -> str:
        topic = self._subscription.topic
        match outcome:
            case Done(outputs):
                records = [envelope(o.topic, o.event, source=self._service) for o in outputs]
                await self._publish_all(records)
                self._brake.handled()
                return "done"
            case Retry(reason):
                fault = Fault("transient", reason)
                record = retry_or_give_up(
                    topic, self._service, message, fault, now=self._clock.now(), delays=self._retry_delays
                )
                if record is not None:
                    await self._publish_all([record])
                    self._brake.handled()
                    return "retry"
                return await self._bury(message, Fault("retries_exhausted", reason))
            case Reject(reason, kind):
                return await self._bury(message, Fault(kind, reason))

    async def _bury(self, message: Message, fault: Fault) -> str:
        if not self._brake.admit_dead_letter():
            await self._stand_still(fault)
            return ABANDONED
        record = dead_letter(self._subscription.topic, self._service, message, fault, now=self._clock.now())
        await self._publish_all([record])
        metrics.DEAD_LETTERS.labels(self._service, self._subscription.topic.name, _WHY(fault.kind)).inc()
        log.warning("dead letter", topic=record.topic, kind=fault.kind, reason=fault.message)
        return "dead_letter"

    async def _stand_still(self, fault: Fault) -> None:
        """The brake is on: hold the message, uncommitted, until a person stops the process."""
        sentence = (
            f"too many dead letters, stopped consuming {self._subscription.topic.name} "
            f"(last: {fault.message}); look at `trackgate dlq list`, fix the cause and restart"
        )
        metrics.BRAKE.labels(self._service).set(1)
        self._progress.raise_condition("brake", sentence)
        log.error("brake", reason=sentence)
        await self._closing.wait()

    async def _closing_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _publish_all(self, records: list[Record]) -> None:
        """All at once, in order per key; every acknowledgement is awaited before an error is raised."""
        results = await asyncio.gather(
            *(self._publisher.publish(record) for record in records), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
