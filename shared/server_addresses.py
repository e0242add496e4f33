"""How the addresses of Kafka and Redis are written. Checked at the start, where a wrong one costs nothing."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_WANTED_OF_KAFKA = "write host:port, several divided by commas and without blanks, as in 127.0.0.1:19192"
_WANTED_OF_REDIS = (
    "write redis://host:port/database, as in redis://127.0.0.1:16479/0, with rediss:// for TLS; "
    "after a ? stand options of redis-py alone"
)
_REDIS_SCHEMES = {"redis", "rediss"}


def checked_kafka(servers: str) -> str:
    """The bootstrap servers as they were given.

    Raises:
        ValueError: not what librdkafka and aiokafka both understand; the message says what to write.
    """
    for server in servers.split(","):
        if not _names_host_and_port(server):
            raise ValueError(f"{server!r} is no server: {_WANTED_OF_KAFKA}")
    return servers


def checked_redis(url: str) -> str:
    """The URL as it was given. A message never repeats it: it may hold a password.

    A database that is no number is refused here: redis-py would take database 0 for it.

    Raises:
        ValueError: redis-py would not understand it, or not as meant; the message says what to write.
    """
    from redis.connection import (  # noqa: PLC0415 - a third of the command line's start, and few need it
        parse_url,
    )

    try:
        parse_url(url)  # type: ignore[no-untyped-call] # redis-py gives it no types
        parts = urlsplit(url)
        understood = parts.scheme == "unix" or (
            parts.scheme in _REDIS_SCHEMES
            and bool(parts.hostname)
            and (parts.path in {"", "/"} or parts.path[1:].isdecimal())
        )
    except ValueError as error:
        raise ValueError(_WANTED_OF_REDIS) from error
    if not understood:
        raise ValueError(_WANTED_OF_REDIS)
    return url


def _names_host_and_port(server: str) -> bool:
    try:
        parts = urlsplit(f"//{server}")
        return bool(parts.hostname and parts.port) and parts.netloc == server and " " not in server
    except ValueError:
        return False


BootstrapServers = Annotated[str, AfterValidator(checked_kafka)]
RedisUrl = Annotated[str, AfterValidator(checked_redis)]
