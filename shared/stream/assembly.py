"""The processors of a worker, whatever broker feeds them."""

import asyncio
from dataclasses import dataclass

from shared.clock import Clock
from shared.settings import WorkerSettings
from shared.stream.brake import DeadLetterBrake
from shared.stream.processor import Processor
from shared.stream.progress import Progress
from shared.stream.publisher import Publisher
from shared.stream.wiring import Wiring
from shared.topics import RETRY_TIERS


@dataclass(frozen=True)
class Assembly:
    """Processors by the topic they read: ``main`` in order of arrival, ``delayed`` when they are due."""

    main: dict[str, Processor]
    delayed: dict[str, Processor]


def assemble(
    service: str,
    wiring: Wiring,
    publisher: Publisher,
    settings: WorkerSettings,
    *,
    clock: Clock,
    progress: Progress,
    closing: asyncio.Event,
) -> Assembly:
    brake = DeadLetterBrake(
        window=settings.brake_window, share=settings.brake_share, minimum=settings.brake_minimum
    )
    main: dict[str, Processor] = {}
    delayed: dict[str, Processor] = {}
    for subscription in wiring.subscriptions:
        processor = Processor(
            service,
            subscription,
            publisher,
            clock=clock,
            brake=brake,
            progress=progress,
            retry_delays=settings.retry_seconds,
            closing=closing,
        )
        main[subscription.topic.name] = processor
        delayed |= {subscription.topic.retry(service, tier): processor for tier in RETRY_TIERS}
    return Assembly(main, delayed)
