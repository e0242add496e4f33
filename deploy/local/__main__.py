"""Trackgate on this machine: Apache Kafka, Valkey and all services, without Docker and without root."""

import argparse
import errno
import os
import sys

from rich.console import Console

from deploy.local import demo
from deploy.local.services import trackgate_services
from deploy.local.settings import LocalSettings
from deploy.local.stack import RunningStack, interrupt_on_signals, running_stack
from deploy.local.telling import StepsShown
from shared.errors import TrackgateError

EXIT_INTERRUPTED = 130
_PLAIN_WIDTH = 150
_HELP = """\
what to bring up:
  run      everything; screens the samples, shows a table of what became of them, stays until Ctrl-C.
           A second run goes on with the data of the first: nothing is screened twice.
  demo     the same on data of its own (or on TRACKGATE_HOME, where set), then stops. Exit status 0 only
           if every sample came out as expected; writes build/demo.json.
  all      everything, and nothing is screened
  servers  the broker and Valkey alone

settings, from the environment:
  TRACKGATE_HOME               data, logs and keys (.trackgate; demo: a new folder below build/)
  TRACKGATE_KAFKA              a broker that runs already, host:port; else Apache Kafka is started here
  TRACKGATE_REDIS              a Redis or Valkey that runs already, redis://host:port/0
  TRACKGATE_KAFKA_PORT, TRACKGATE_KAFKA_CONTROLLER_PORT, TRACKGATE_REDIS_PORT     19192, 19193, 16479
  TRACKGATE_INGEST_PORT, TRACKGATE_REGISTRY_PORT, TRACKGATE_MODERATION_PORT       18801, 18802, 18803
  TRACKGATE_AI_DETECTOR_PORT, TRACKGATE_VOICE_MATCHER_PORT, TRACKGATE_POLICY_PORT,
  TRACKGATE_MODERATION_WORKER_PORT, TRACKGATE_FINGERPRINTS_PORT …                  18811 to 18816
  TRACKGATE_START_TIMEOUT_S    for each process to become ready (90)
  TRACKGATE_SCREEN_TIMEOUT_S   for each sample to be decided (180)
  TRACKGATE_MIN_FREE_MB        free disk below which nothing is started (1024)
"""


def bring_up(console: Console, *, with_services: bool) -> int:
    settings = LocalSettings.load()
    services = trackgate_services(os.environ, settings.home) if with_services else ()
    steps = StepsShown(console)
    try:
        with running_stack(settings, services, steps) as stack:
            _tell(console, stack)
            stack.run_until_interrupted()
    finally:
        steps.close()
    return 0


def _tell(console: Console, stack: RunningStack) -> None:
    lines = [f"\nbroker  {stack.bootstrap_servers}", f"Redis   {stack.redis_url}"]
    lines += [f"{service.name:18} {service.health_url}" for service in stack.services]
    console.print("\n".join([*lines, "Ctrl-C stops everything."]), markup=False, soft_wrap=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local",
        description=__doc__,
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=["run", "demo", "all", "servers"], default="all")
    what = parser.parse_args().what
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    try:
        with interrupt_on_signals():
            match what:
                case "run":
                    return demo.run(console)
                case "demo":
                    return demo.demo(console)
                case _:
                    return bring_up(console, with_services=what == "all")
    except KeyboardInterrupt:
        console.print("stopped")
        return EXIT_INTERRUPTED if what == "demo" else 0
    except TrackgateError as error:
        print(f"\n{error}", file=sys.stderr)
    except OSError as error:
        full = ": free some space, or set TRACKGATE_HOME to a folder on another disk"
        hint = full if error.errno == errno.ENOSPC else ""
        print(f"\n{error.filename or 'the disk'}: {error.strerror}{hint}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
