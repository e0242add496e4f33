"""The command line of a worker whose views can be built anew: ``serve``, or ``rebuild-views``."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from shared.errors import TrackgateError
from shared.exit_status import failed
from shared.settings import WorkerSettings
from shared.stream.runner import run_worker
from shared.stream.wiring import Wire

S = TypeVar("S", bound=WorkerSettings)


def worker_command(
    service: str,
    load: Callable[[], S],
    wire: Callable[[S], Wire],
    rebuild_views: Callable[[S], Awaitable[str]],
    arguments: Sequence[str] | None = None,
) -> int:
    """Consume until told to stop, or rebuild and print what that says; the exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}")
    parser.add_argument("command", nargs="?", choices=["serve", "rebuild-views"], default="serve")
    command = parser.parse_args(arguments).command
    try:
        settings = load()
        if command == "rebuild-views":
            sys.stdout.write(asyncio.run(_answer(rebuild_views, settings)) + "\n")
            return 0
        return run_worker(service, settings, wire(settings))
    except TrackgateError as error:
        return failed(error, service=service)


async def _answer(rebuild_views: Callable[[S], Awaitable[str]], settings: S) -> str:
    return await rebuild_views(settings)
