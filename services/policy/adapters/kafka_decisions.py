"""The decisions topic, for writing."""

from shared import tracing
from shared.events import DecisionMade
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import DECISIONS


class KafkaDecisionLog:
    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def append(self, decision: DecisionMade) -> None:
        about = {"trackgate.outcome": decision.outcome.value, "trackgate.sequence": decision.sequence}
        with tracing.span("policy decides", kind=tracing.SpanKind.PRODUCER, attributes=about):
            await self._publisher.publish(envelope(DECISIONS, decision, source="policy"))
