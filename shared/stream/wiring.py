"""What a service's composition root hands to the runner."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from shared.stream.handler import Subscription
from shared.stream.publisher import Publisher


@dataclass(frozen=True)
class Wiring:
    """Subscriptions, and coroutines that run beside them until the worker stops.

    A background coroutine that fails or returns crashes the worker, which its supervisor restarts.
    """

    subscriptions: tuple[Subscription[Any], ...]
    background: tuple[Callable[[], Awaitable[None]], ...] = ()


Wire = Callable[[Publisher], AbstractAsyncContextManager[Wiring]]
"""Opens what the service needs (inside the event loop), yields its wiring, closes what it opened."""
