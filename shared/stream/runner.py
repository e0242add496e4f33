"""The one way a service consumes and produces."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import structlog
from confluent_kafka import KafkaException

from shared import logs, tracing
from shared.clock import Clock, SystemClock
from shared.errors import SettingsError, SystemicError, TrackgateError
from shared.exit_status import EXIT_FAILED, EXIT_SETTINGS
from shared.settings import WorkerSettings
from shared.stream.assembly import assemble
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.delayed import DelayedConsumer
from shared.stream.faust_worker import FaustWorker
from shared.stream.health_server import HealthServer
from shared.stream.progress import Progress
from shared.stream.wiring import Wire

log = structlog.get_logger()


def run_worker(service: str, settings: WorkerSettings, wire: Wire) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status.

    0 after a graceful stop (work in hand finished and committed), 2 for wrong settings. When consuming cannot
    go on the process ends at once with status 70 and commits nothing more: its supervisor restarts it and
    the unfinished messages come again.
    """
    logs.configure(service=service, log_format=settings.log_format, level=settings.log_level)
    try:
        tracing.configure(service)
        return asyncio.run(_run(service, settings, wire))
    except SettingsError as error:
        log.error("cannot start", reason=str(error))  # noqa: TRY400 - the sentence says it; a stack would bury it
        return EXIT_SETTINGS
    except (TrackgateError, KafkaException) as error:
        log.error("cannot start", reason=str(error))  # noqa: TRY400 - likewise
        return EXIT_FAILED


async def _run(service: str, settings: WorkerSettings, wire: Wire) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with consuming(service, settings, wire) as failed:
        stop: asyncio.Future[Any] = asyncio.ensure_future(stopping.wait())
        await asyncio.wait([stop, failed], return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            log.error("ending without committing", cause=repr(failed.result()))
            os._exit(EXIT_FAILED)
        log.info("stopping: finishing what is in hand")
    return 0


@contextlib.asynccontextmanager
async def consuming(
    service: str, settings: WorkerSettings, wire: Wire, *, clock: Clock | None = None
) -> AsyncIterator["asyncio.Future[BaseException]"]:
    """The worker without the process around it. Yields a future that holds the cause when it cannot go on.

    Leaving the block finishes and commits what is in hand; messages that wait for an outage to end, or behind
    the brake, are abandoned uncommitted.
    """
    clock = clock or SystemClock()
    closing = asyncio.Event()
    progress = Progress(stuck_seconds=settings.stuck_seconds)
    progress.raise_condition("starting", "starting: not consuming yet")
    async with contextlib.AsyncExitStack() as stack:
        health = stack.enter_context(HealthServer(progress, bind=settings.bind, port=settings.health_port))
        publisher = await stack.enter_async_context(ConfluentPublisher(settings.kafka))
        wiring = await stack.enter_async_context(wire(publisher))
        assembly = assemble(
            service, wiring, publisher, settings, clock=clock, progress=progress, closing=closing
        )
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"trackgate-{service}-")))
        worker = FaustWorker(service, settings, assembly.main, home=home)
        retries = DelayedConsumer(
            service,
            settings.kafka,
            assembly.delayed,
            clock=clock,
            session_seconds=settings.session_seconds,
        )
        await worker.start()
        retries.start()
        progress.clear_condition("starting")
        log.info("consuming", topics=list(assembly.main), health_port=health.port)
        tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(_watch(worker, progress))]
        tasks += [asyncio.ensure_future(start()) for start in wiring.background]
        failed = asyncio.ensure_future(_first_failure(worker.failed, retries.failed, *tasks))
        try:
            yield failed
        finally:
            closing.set()
            failed.cancel()
            await retries.stop()
            await worker.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(failed, *tasks, return_exceptions=True)


async def _watch(worker: FaustWorker, progress: Progress) -> None:
    while True:
        progress.beat()
        if worker.crashed:
            raise SystemicError("faust stopped consuming; its log says why")
        worker.observe()
        await asyncio.sleep(1.0)


async def _first_failure(*futures: "asyncio.Future[Any]") -> BaseException:
    done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    first = done.pop()
    if first.cancelled():
        return asyncio.CancelledError()
    error = first.exception()
    if error is not None:
        return error
    result = first.result()
    return result if isinstance(result, BaseException) else RuntimeError("a background coroutine returned")
