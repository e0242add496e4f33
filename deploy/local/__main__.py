"""``python -m deploy.local``: the whole stack until Ctrl-C; with ``servers``, the broker and Redis alone."""

import argparse
import os
import sys

from deploy.local.progress import Step
from deploy.local.services import trackgate_services
from deploy.local.settings import LocalSettings
from deploy.local.stack import RunningStack, interrupt_on_signals, running_stack
from shared.errors import TrackgateError


def show(step: Step) -> None:
    print(step, flush=True)


def show_running(stack: RunningStack) -> None:
    print(f"\nbroker  {stack.bootstrap_servers}\nRedis   {stack.redis_url}")
    for service in stack.services:
        print(f"{service.name:18} {service.health_url}")
    print("Ctrl-C stops everything.", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["all", "servers"], default="all")
    arguments = parser.parse_args()
    try:
        settings = LocalSettings.load()
        services = trackgate_services(os.environ, settings.home) if arguments.what == "all" else ()
        with interrupt_on_signals(), running_stack(settings, services, show) as stack:
            show_running(stack)
            stack.run_until_interrupted()
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except TrackgateError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
