"""``make bench-moderation``: the desk under a full queue, into ``build/bench/moderation.json``.

A Redis and a Kafka are started for it, the queue is filled through the worker's own script, and the API runs
as a process of its own; everything is asked over HTTP. Goal: 95 of 100 answers within 100 ms while 50
moderators work, and no case given to two people.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from redis.asyncio import Redis

from deploy.local import broker_and_redis
from services.moderation.adapters.queue_scripts import PREFIX
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.bench.api_process import RunningApi, running_api
from services.moderation.bench.cases import Catalogue
from services.moderation.bench.filling import Filled, describe, fill
from services.moderation.bench.moderators import Moderator, Notes, all_at_once, at_their_pace, sign_in
from services.moderation.bench.report import Measured, write
from shared.clock import SystemClock
from shared.stream.admin import create_topics

OUT = Path("build/bench/moderation.json")
_PARTITIONS = 3
_WARM_ROUNDS = 1


@dataclass(frozen=True)
class Asked:
    cases: int
    moderators: int
    rounds: int
    every_seconds: float
    storms: int
    seed: int
    out: Path


def main() -> int:
    known = _parser().parse_args()
    asked = Asked(
        known.cases, known.moderators, known.rounds, known.every, known.storms, known.seed, known.out
    )
    with ExitStack() as stack:
        if known.redis and known.kafka:
            redis, kafka = known.redis, known.kafka
        else:
            home = Path(tempfile.mkdtemp(prefix="trackgate-bench-"))
            stack.callback(shutil.rmtree, home, ignore_errors=True)
            started = stack.enter_context(broker_and_redis(home))
            create_topics(started.bootstrap_servers, _PARTITIONS)
            redis, kafka = started.redis_url, started.bootstrap_servers
        return asyncio.run(_bench(asked, redis, kafka))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.moderation.bench", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--moderators", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=12, help="cases that each moderator decides")
    parser.add_argument("--every", type=float, default=5.0, help="seconds from one case to the next")
    parser.add_argument("--storms", type=int, default=10, help="times that all claim in the same moment")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--redis", help="one that runs already; a queue that it holds is kept")
    parser.add_argument("--kafka", help="with --redis: a broker with Trackgate's topics")
    return parser


async def _bench(asked: Asked, redis: str, kafka: str) -> int:
    catalogue = Catalogue(asked.seed, datetime.now(UTC))
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Redis.from_url(redis))
        queue = RedisQueue(client, SystemClock(), lease=timedelta(hours=2), skip=timedelta(hours=24))
        _say(f"filling the queue with {asked.cases:,} cases")
        filled = await fill(client, queue, catalogue, asked.cases)
        opened = asked.moderators * (asked.rounds * 2 + asked.storms + 10)
        await describe(client, queue, catalogue, min(opened, asked.cases))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        api = await stack.enter_async_context(running_api(redis, kafka, home, asked.moderators))
        moderators = [
            await stack.enter_async_context(sign_in(api.address, name, token, asked.seed))
            for name, token in api.tokens.items()
        ]
        _say(f"{len(moderators)} moderators at work")
        found = await _measure(asked, api, client, moderators, filled)
        found.memory = int((await client.info("memory"))["used_memory"])
        found.redis = str((await client.info("server"))["redis_version"])
    return write(found, asked.out)


async def _measure(
    asked: Asked, api: RunningApi, client: Redis, moderators: list[Moderator], filled: Filled
) -> Measured:
    waiting = int(await client.zcard(f"{PREFIX}open"))
    await at_their_pace(
        moderators, Notes(), rounds=_WARM_ROUNDS, every_seconds=asked.every_seconds, seed=asked.seed
    )
    paced = Notes()
    cpu, redis_cpu, started = api.cpu_seconds(), await _redis_cpu(client), perf_counter()
    await at_their_pace(
        moderators, paced, rounds=asked.rounds, every_seconds=asked.every_seconds, seed=asked.seed
    )
    took = perf_counter() - started
    cpu, redis_cpu = api.cpu_seconds() - cpu, await _redis_cpu(client) - redis_cpu
    _say("without a pause")
    pressed = Notes()
    started = perf_counter()
    await at_their_pace(moderators, pressed, rounds=asked.rounds // 2, every_seconds=0.0, seed=asked.seed)
    pressed_seconds = perf_counter() - started
    _say("all at the same moment")
    storm = Notes()
    wrong = await all_at_once(moderators, storm, rounds=asked.storms)
    return Measured(
        cases=waiting,
        moderators=len(moderators),
        every_seconds=asked.every_seconds,
        seed=asked.seed,
        paced=paced,
        pressed=pressed,
        pressed_seconds=pressed_seconds,
        storm=storm,
        wrongly_given=wrong,
        paced_seconds=took,
        api_cpu_seconds=cpu,
        redis_cpu_seconds=redis_cpu,
        filled=filled,
    )


async def _redis_cpu(client: Redis) -> float:
    used = await client.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
