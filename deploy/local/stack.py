"""The whole stack: broker, Redis, topics, services, in that order up and in the reverse order down."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType

from deploy.local import preflight
from deploy.local.bringup import (
    bring_up_broker,
    bring_up_redis,
    bring_up_services,
    own_ports,
    service_environment,
)
from deploy.local.broker import BrokerChoice
from deploy.local.process import Warden
from deploy.local.progress import Report, Step, timed
from deploy.local.restart import RestartPolicy
from deploy.local.services import ServiceSpec
from deploy.local.settings import LocalSettings
from deploy.local.supervisor import ChildStatus, Supervisor
from deploy.local.topics import create_all_topics

_CHECK_S = 0.5


@dataclass(frozen=True)
class RunningStack:
    """``env`` is what a process beside the services (the CLI, a test) needs to reach the same stack.

    ``start`` brings up services that were announced as ``later``; it blocks and raises NotReady.
    """

    broker: BrokerChoice
    bootstrap_servers: str
    redis_url: str
    services: tuple[ServiceSpec, ...]
    env: Mapping[str, str]
    supervisors: tuple[Supervisor, ...]
    start: Callable[[Sequence[ServiceSpec]], None]

    def statuses(self) -> tuple[ChildStatus, ...]:
        return tuple(status for supervisor in self.supervisors for status in supervisor.statuses())

    def check(self) -> None:
        """Raises StackUnhealthy when anything used up its restarts."""
        for supervisor in self.supervisors:
            supervisor.check()

    def run_until_interrupted(self) -> None:
        """Blocks until KeyboardInterrupt (Ctrl-C, or a signal under ``interrupt_on_signals``).

        Raises:
            StackUnhealthy: as soon as anything used up its restarts.
        """
        while True:
            self.check()
            time.sleep(_CHECK_S)


@contextmanager
def running_stack(
    settings: LocalSettings,
    services: Sequence[ServiceSpec],
    report: Report,
    *,
    later: Sequence[ServiceSpec] = (),
    policy: RestartPolicy | None = None,
) -> Iterator[RunningStack]:
    """Brings everything up, yields it, and stops what it started, in whatever way the block ends.

    Services in ``later`` wait for ``RunningStack.start``; that their ports are free is checked at once.

    Raises:
        LocalStackError: with a message that says what to do; nothing is left running then.
        SystemicError: the broker came up but did not answer when the topics were created.
    """
    policy = policy or RestartPolicy()

    def tell(status: ChildStatus) -> None:
        report(Step(state="notice", what=status.name, detail=str(status)))

    with ExitStack() as stack:
        stack.enter_context(preflight.claim_home(settings.home))
        preflight.check(
            home=settings.home,
            cache=settings.cache,
            min_free_mb=settings.min_free_mb,
            ports=own_ports(settings, (*services, *later)),
        )
        warden = stack.enter_context(Warden())
        servers = Supervisor(warden, policy, tell)
        stack.callback(servers.stop)
        broker, bootstrap_servers = bring_up_broker(settings, warden, servers, report)
        redis_url = bring_up_redis(settings, warden, servers, report)
        with timed(report, "creating topics"):
            create_all_topics(bootstrap_servers, settings.partitions)
        env = service_environment(settings, bootstrap_servers, redis_url)
        settings.store_folder.mkdir(parents=True, exist_ok=True)
        workers = Supervisor(warden, policy, tell)
        stack.callback(workers.stop)

        def start(some: Sequence[ServiceSpec]) -> None:
            bring_up_services(some, env, settings, warden, workers, report)

        start(services)
        servers.start()
        workers.start()
        yield RunningStack(
            broker=broker,
            bootstrap_servers=bootstrap_servers,
            redis_url=redis_url,
            services=(*services, *later),
            env=env,
            supervisors=(servers, workers),
            start=start,
        )


@contextmanager
def interrupt_on_signals() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP end the block as Ctrl-C does. For the main thread only.

    SIGINT is taken even where the process was started with it ignored, as shells start background jobs.
    """

    def interrupt(_signum: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
