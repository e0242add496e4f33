"""Redis away is something shared that does not answer."""

import contextlib
from collections.abc import Iterator

from redis.exceptions import RedisError

from shared.errors import SystemicError


@contextlib.contextmanager
def outages() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise SystemicError(f"Redis: {type(error).__name__}: {error}") from error
