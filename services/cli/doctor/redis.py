"""Redis: is it there, and would it keep what it is told."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from services.cli.doctor.findings import Line, failing, ok, warn

TIMEOUT = 3.0


def check_redis(url: str) -> Iterator[Line]:
    from redis import Redis  # noqa: PLC0415 - a third of the command line's start, and only this needs it
    from redis.exceptions import RedisError  # noqa: PLC0415 - likewise

    try:
        with Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
            info = cast("Mapping[str, Any]", client.info())
    except (RedisError, ValueError) as error:
        advice = "start it (`make run`, `docker compose up`), or set TRACKGATE_REDIS; Kafka still has it all"
        yield failing("redis", str(error), advice)
        return
    yield from redis_lines(info)


def redis_lines(info: Mapping[str, Any]) -> Iterator[Line]:
    """From what ``INFO`` says."""
    name, version = ("Valkey", info["valkey_version"]) if "valkey_version" in info else ("Redis", "")
    version = version or info.get("redis_version", "?")
    yield ok("redis", f"{name} {version}, {info.get('used_memory_human', '?')} in use")
    if not info.get("aof_enabled"):
        advice = "start it with `appendonly yes`; until then a restart needs `trackgate rebuild-views`"
        yield warn("redis append-only file", "off: what is in memory dies with it", advice)
    elif info.get("aof_last_write_status", "ok") != "ok":
        told = f"the last write was {info['aof_last_write_status']}"
        yield failing("redis append-only file", told, "make room on its disk")
    else:
        yield ok("redis append-only file", "on")
    policy = info.get("maxmemory_policy", "noeviction")
    if info.get("maxmemory") and policy != "noeviction":
        told = f"maxmemory-policy {policy} throws views away when memory is short"
        yield warn("redis memory", told, "set maxmemory-policy to noeviction")
