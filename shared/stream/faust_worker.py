"""faust, in the shape that does not lose messages.

What faust 0.15.3 really does, measured and read for this project (deploy/docs/decisions has the record):
an exception in an agent acknowledges its message, ``concurrency > 1`` commits past work in flight, ``sink``
drops the key, ``topic.send`` only enqueues. Hence: raw bytes in, one actor per partition
(``isolated_partitions``), a Processor that never raises, acknowledgement only after the Processor returns,
no sinks, no tables, no topics declared by the app, and publishing through our own acknowledged publisher.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import structlog

os.environ["NO_CYTHON"] = "1"  # faust's compiled stream acknowledges past Consumer.ack, and past our guard

import faust
from faust.types import TP

from shared import metrics
from shared.settings import WorkerSettings
from shared.stream.message import Message
from shared.stream.processor import Processor, Settlement
from shared.stream.timestamps import from_epoch

log = structlog.get_logger()


class FaustWorker:
    """Consumes topics of one service in the consumer group that bears its name.

    ``start`` returns when consuming has begun; ``stop`` finishes and commits what is in hand. ``failed`` is
    set with the cause when consuming cannot go on; the process must then end without committing more, and
    whoever restarts it gets the unfinished messages again.
    """

    def __init__(
        self,
        service: str,
        settings: WorkerSettings,
        processors: Mapping[str, Processor],
        *,
        home: Path,
    ) -> None:
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._service = service
        self._settled: set[tuple[str, int, int]] = set()
        self._rebalances = 0
        self._app = faust.App(
            service,
            broker="kafka://" + settings.kafka.replace(",", ";kafka://"),
            datadir=str(home),
            store="memory://",
            key_serializer="raw",
            value_serializer="raw",
            web_enabled=False,
            agent_supervisor="mode.CrashingSupervisor",
            topic_allow_declare=False,
            topic_disable_leader=True,
            consumer_auto_offset_reset="earliest",
            broker_commit_interval=1.0,
            broker_max_poll_records=50,
            stream_buffer_maxsize=16,
            broker_session_timeout=settings.session_seconds,
            broker_heartbeat_interval=settings.session_seconds / 4,
            broker_rebalance_timeout=settings.rebalance_seconds,
            broker_request_timeout=settings.rebalance_seconds + 30.0,
            loghandlers=[],
        )
        for topic, processor in processors.items():
            self._agent(topic, processor)

    async def start(self) -> None:
        self._app.finalize()
        await self._app.start()
        self._guard_acknowledgements()

    async def stop(self) -> None:
        await self._app.stop()

    @property
    def crashed(self) -> bool:
        """Whether faust itself gave up (a broker protocol error, a failed commit): the group is left then."""
        return bool(self._app.crashed or self._app.consumer.crashed)

    def observe(self) -> None:
        """Refresh lag and rebalances from what the consumer knows; asks nobody."""
        seen = self._app.monitor.rebalances
        metrics.REBALANCES.labels(self._service).inc(seen - self._rebalances)
        self._rebalances = seen
        consumer = self._app.consumer
        for tp in consumer.assignment():
            end = consumer.highwater(tp)
            done = self._app.monitor.tp_committed_offsets.get(tp)
            if done is not None and end >= 0:
                metrics.LAG.labels(self._service, tp.topic, str(tp.partition)).set(max(0, end - done))

    def _agent(self, topic: str, processor: Processor) -> None:
        async def consume(stream: Any) -> AsyncIterator[None]:
            async for event in stream.events():
                message = event.message
                try:
                    settlement = await processor.process(
                        Message(
                            topic=message.topic,
                            partition=message.partition,
                            offset=message.offset,
                            key=message.key,
                            value=message.value,
                            headers=_as_mapping(message.headers),
                            timestamp=from_epoch(message.timestamp),
                        )
                    )
                except asyncio.CancelledError:
                    raise
                except BaseException as error:  # noqa: BLE001 - whatever it is, it must not reach faust's ack
                    self._fail(error)
                    settlement = Settlement.ABANDONED
                if settlement is Settlement.ABANDONED:
                    await self._hold(message)
                self._settled.add((message.topic, message.partition, message.offset))
                yield

        channel = self._app.topic(
            topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )
        self._app.agent(channel, name=f"{self._service}:{topic}", isolated_partitions=True)(consume)

    def _fail(self, error: BaseException) -> None:
        log.error("cannot go on", error=repr(error))
        if not self.failed.done():
            self.failed.set_result(error)

    async def _hold(self, message: Any) -> None:
        """Take no further message of this partition: nothing may be committed past this one."""
        self._app.consumer.unacked.discard(message)
        await asyncio.Event().wait()

    def _guard_acknowledgements(self) -> None:
        """Let faust acknowledge only what the Processor settled.

        On a rebalance, and when an actor is cancelled, faust acknowledges messages that it skipped or dropped
        (streams.py, ``finally`` around ``yield``). A later commit of their neighbours would pass over them.
        """
        consumer = self._app.consumer
        acknowledge = consumer.ack

        def ack(message: Any) -> bool:
            place = (message.topic, message.partition, message.offset)
            if place not in self._settled:
                return False
            self._settled.discard(place)
            return bool(acknowledge(message))

        consumer.ack = ack  # type: ignore[method-assign]

    def partitions(self) -> set[TP]:
        return set(self._app.consumer.assignment())


def _as_mapping(headers: Any) -> dict[str, bytes]:
    pairs = headers.items() if hasattr(headers, "items") else (headers or ())
    return {str(name): bytes(value) for name, value in pairs if value is not None}
