"""``python -m services.policy``: the worker, and what a person needs to run and to understand it."""

import argparse
import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.policy.adapters.kafka_history import KafkaHistory
from services.policy.adapters.redis_views import RedisViews
from services.policy.changes import ChangeRefused
from services.policy.checker import check_labels, check_policy
from services.policy.commands import history, labels, life
from services.policy.compiled import DEFAULT_LABELS, load_policy, read_file
from services.policy.explain import explained
from services.policy.main import main as worker
from services.policy.rebuild import Rebuild
from services.policy.settings import PolicySettings
from shared import logs
from shared.errors import SystemicError, TrackgateError
from shared.exit_status import failed
from shared.views.redis_tracks import RedisTrackViews

EXIT_FAULTY = 1


def main(arguments: list[str] | None = None) -> int:
    try:
        return _run(_parser().parse_args(arguments))
    except ChangeRefused as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAULTY
    except TrackgateError as error:
        return failed(error)
    except RedisError as error:
        return failed(SystemicError(f"Redis: {error} (TRACKGATE_REDIS says where it is)"))


def _run(chosen: argparse.Namespace) -> int:  # noqa: PLR0911 - one case a command
    match chosen.command:
        case name if name in life.NAMES:
            return life.run(chosen, _settings())
        case name if name in history.NAMES:
            return history.run(chosen, _settings())
        case name if name in labels.NAMES:
            return labels.run(chosen, _settings())
        case "check":
            return _check(chosen.file, chosen.labels)
        case "explain":
            return asyncio.run(_explain(_settings(), chosen.track, every_rule=chosen.all))
        case "rebuild-views":
            return asyncio.run(_rebuild(_settings()))
        case _:
            return worker()


def _settings() -> PolicySettings:
    """A command prints what it was asked for; only what went wrong is logged beside it."""
    settings = PolicySettings.load()
    logs.configure(service="policy", log_format=settings.log_format, level="WARNING")
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.policy", description="Without a command: the policy worker."
    )
    commands = parser.add_subparsers(dest="command")
    check = commands.add_parser("check", help="name every mistake in a policy file")
    check.add_argument("file", type=Path)
    check.add_argument("--labels", type=Path, default=DEFAULT_LABELS, help="the label texts it refers to")
    explain = commands.add_parser("explain", help="say what was decided on a track, and why")
    explain.add_argument("track", help="track id")
    explain.add_argument("--all", action="store_true", help="also the rules that did not match, and why not")
    commands.add_parser("rebuild-views", help="fold the track views and deadlines in Redis anew from Kafka")
    life.add_to(commands)
    history.add_to(commands)
    labels.add_to(commands)
    return parser


def _check(file: Path, labels_file: Path) -> int:
    """Prints ``file:line:column: mistake`` for each; 0 if there is none."""
    known, problems = check_labels(read_file(labels_file))
    shown = [problem.shown(str(labels_file)) for problem in problems]
    if known is not None:
        _, problems = check_policy(read_file(file), known)
        shown += [problem.shown(str(file)) for problem in problems]
    if shown:
        sys.stdout.write("\n".join(shown) + f"\n{len(shown)} mistakes\n")
        return EXIT_FAULTY
    policy = load_policy(file, labels_file)
    sys.stdout.write(f"{file}: {len(policy.rules)} rules, no mistakes; version {policy.version}\n")
    return 0


async def _explain(settings: PolicySettings, track_id: str, *, every_rule: bool) -> int:
    async with Redis.from_url(settings.redis) as client:
        view = await RedisTrackViews(client).load(track_id)
    if view is None:
        sys.stderr.write(
            f"no track on record has the id {track_id}: give the whole id, as `submit` told it\n"
        )
        return EXIT_FAULTY
    known = load_policy(settings.policy_file, settings.policy_labels).labels
    sys.stdout.write(explained(view, every_rule=every_rule, labels=known) + "\n")
    return 0


async def _rebuild(settings: PolicySettings) -> int:
    deadline = timedelta(seconds=settings.policy_deadline_seconds)
    async with Redis.from_url(settings.redis) as client:
        rebuild = Rebuild(
            KafkaHistory(settings.kafka), RedisViews(client), deadline=deadline, progress=_progress
        )
        recorded = await rebuild.run()
    sys.stdout.write(f"recorded {recorded} events\n")
    return 0


def _progress(topic: str, read: int, size: int) -> None:
    sys.stdout.write(f"{topic}: {read} of {size}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
