"""How FastAPI's own tracing is set: requests under their route, in the caller's trace, probes left out.

Nothing is recorded before ``shared.tracing.configure`` has found an endpoint.
"""

from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig

_PROBES = frozenset({"/healthz", "/metrics"})


def _is_probe(scope: MutableMapping[str, Any]) -> bool:
    return scope["path"] in _PROBES


TELEMETRY = TelemetryConfig(
    exclude=_is_probe, operation_spans=False, metrics=False, logs=False, auto_configure=False
)
"""For ``FastAPI(telemetry=…)``. Prometheus has the metrics, structlog the logs."""
