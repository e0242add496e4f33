"""One trace for a track, from upload to decision: OpenTelemetry through HTTP, Kafka and process pools.

Nothing is recorded until OTEL_EXPORTER_OTLP_ENDPOINT (or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) is set, whose
standard variables this obeys. Without it spans cost next to nothing, and a trace that a caller began is still
handed on. The carrier everywhere is the W3C ``traceparent``.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.errors import SettingsError

HEADER = "traceparent"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_CARRIER = TraceContextTextMapPropagator()
_configured: set[int] = set()
Attribute = str | int | float | bool


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    return any(environ.get(name) for name in ENDPOINTS)


def configure(service: str) -> None:
    """Export spans of this process from now on, if an endpoint is set; to be called once per process.

    Raises:
        SettingsError: an endpoint is set and the exporter is not installed.
    """
    if not wanted() or os.getpid() in _configured:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - only where traces are wanted
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - likewise
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise SettingsError(f"{ENDPOINTS[0]} is set, and {error.name} is not installed") from error
    provider = TracerProvider(resource=Resource.create({"service.name": f"trackgate-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _configured.add(os.getpid())


def current() -> str | None:
    """The ``traceparent`` of the span that is current here; None outside of any trace."""
    carrier: dict[str, str] = {}
    _CARRIER.inject(carrier)
    return carrier.get(HEADER)


@contextmanager
def span(
    name: str,
    *,
    parent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, Attribute] | None = None,
) -> Iterator[Span]:
    """A span around the block, current inside it; an exception marks it as failed.

    ``parent`` is a ``traceparent`` from outside; a malformed one counts as none. Names hold no ids:
    what is about one track goes into ``attributes``.
    """
    context = _CARRIER.extract({HEADER: parent}) if parent is not None else None
    tracer = trace.get_tracer("trackgate")
    with tracer.start_as_current_span(name, context, kind, attributes) as started:
        yield started


def failed(started: Span, why: str) -> None:
    started.set_status(Status(StatusCode.ERROR, why))


def parent_of(headers: Mapping[str, bytes]) -> str | None:
    """The ``traceparent`` among a record's headers."""
    value = headers.get(HEADER)
    return value.decode("ascii", "replace") if value is not None else None


__all__ = ["HEADER", "Attribute", "SpanKind", "configure", "current", "failed", "parent_of", "span", "wanted"]
