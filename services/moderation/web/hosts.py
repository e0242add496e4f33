"""Which names the desk answers to."""

from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import Receive, Scope, Send

_PROBES = frozenset({"/healthz", "/metrics"})


class KnownHosts(TrustedHostMiddleware):
    """Refuses names that are not ours, against DNS rebinding.

    Probes also answer to names without a dot, as containers call each other: no page of the public DNS can
    have such a name.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in _PROBES:
            host = Headers(scope=scope).get("host", "").partition(":")[0]
            if host and "." not in host:
                await self.app(scope, receive, send)
                return
        await super().__call__(scope, receive, send)
