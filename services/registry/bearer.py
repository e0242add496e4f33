"""Who may ask anything of the registry: whoever holds the administrators' token."""

import hashlib
import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http import Problem, ProblemResponse

_REFUSAL = Problem.of("wrong-token", title="Send the administrators' bearer token", status=401)


class BearerGuard:
    """ASGI middleware before everything under ``prefix``: a request without the token is answered unread."""

    def __init__(self, app: ASGIApp, *, token_sha256: str, prefix: str) -> None:
        self._app = app
        self._token_sha256 = token_sha256
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        if not guarded or self._admits(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refusal = _REFUSAL.model_copy(update={"instance": scope["path"]})
        await ProblemResponse(refusal, {"WWW-Authenticate": "Bearer"})(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(token.strip().encode()).hexdigest()
        return scheme.lower() == "bearer" and hmac.compare_digest(digest, self._token_sha256)
