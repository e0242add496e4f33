"""One trace through HTTP, Kafka and process pools; nothing at all where nobody exports."""

import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.responses import PlainTextResponse

from shared import tracing
from shared.errors import SettingsError
from shared.events import FindingRecorded, TrackUploaded
from shared.http import TELEMETRY
from shared.processes import ProcessPool
from shared.processes.pool import _traced
from shared.settings import WorkerSettings
from shared.stream.envelope import envelope
from shared.stream.handler import Subscription
from shared.stream.memory import MemoryBroker, consuming_in_memory
from shared.stream.outcome import Done, Outcome, Output
from shared.stream.wiring import Wire, Wiring
from shared.topics import FINDINGS, UPLOADS
from tests.support.events import a_finding, an_upload
from tests.unit.metrics.tracing_work import traceparent_here

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = CALLER.split("-")[1]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """A collector in this process. The global provider can be set once only, hence past its front door."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return exporter


def of_trace(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {
        span.name: span
        for span in exporter.get_finished_spans()
        if f"{span.get_span_context().trace_id:032x}" == TRACE
    }


def wiring(subscription: "Subscription[TrackUploaded] | Subscription[FindingRecorded]") -> Wire:
    @asynccontextmanager
    async def wire(_publisher: object):
        yield Wiring((subscription,))

    return wire


async def detect(upload: TrackUploaded) -> Outcome:
    return Done((Output(FINDINGS, a_finding(upload)),))


async def take(_finding: FindingRecorded) -> Outcome:
    return Done()


async def test_a_track_is_one_trace_from_the_upload_over_the_detector_to_policy(spans: InMemorySpanExporter):
    broker, settings = MemoryBroker(), WorkerSettings()
    detector = consuming_in_memory(broker, "ai_detector", settings, wiring(Subscription(UPLOADS, detect)))
    policy = consuming_in_memory(broker, "policy", settings, wiring(Subscription(FINDINGS, take)))
    async with detector, policy:
        await broker.publish(envelope(UPLOADS, an_upload(), source="ingest", traceparent=CALLER))
        await broker.until_committed("policy", FINDINGS.name, 1)

    found = of_trace(spans)
    assert set(found) == {"ai_detector handles tracks.uploaded", "policy handles tracks.findings"}
    first, second = found["ai_detector handles tracks.uploaded"], found["policy handles tracks.findings"]
    assert first.parent is not None
    assert second.parent is not None
    assert f"{first.parent.span_id:016x}" == CALLER.split("-")[2]
    assert second.parent.span_id == first.get_span_context().span_id
    assert dict(first.attributes or {})["trackgate.outcome"] == "done"


async def get(app: FastAPI, path: str, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(telemetry=TELEMETRY)

    @app.get("/v1/tracks/{track_id}")
    def track(track_id: str) -> PlainTextResponse:
        return PlainTextResponse(
            envelope(UPLOADS, an_upload(), source=track_id).headers.get("traceparent", b"")
        )

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return app


async def test_a_request_continues_the_callers_trace_under_its_route_and_what_it_publishes_carries_it(
    spans: InMemorySpanExporter, app: FastAPI
):
    answer = await get(app, "/v1/tracks/secret", {"traceparent": CALLER})
    found = of_trace(spans)
    assert set(found) == {"GET /v1/tracks/{track_id}"}
    span = found["GET /v1/tracks/{track_id}"]
    assert answer.text == f"00-{TRACE}-{span.get_span_context().span_id:016x}-01"
    assert dict(span.attributes or {})["http.response.status_code"] == 200


@pytest.mark.parametrize("header", ["", "00-nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "é"])
async def test_a_malformed_traceparent_begins_a_trace_of_its_own(
    spans: InMemorySpanExporter, app: FastAPI, header: str
):
    answer = await get(app, "/v1/tracks/x", {"traceparent": header.encode()})  # type: ignore[dict-item]
    assert answer.status_code == 200
    (span,) = spans.get_finished_spans()
    assert span.parent is None


async def test_probes_leave_no_spans(spans: InMemorySpanExporter, app: FastAPI):
    await get(app, "/healthz", {})
    assert spans.get_finished_spans() == ()


async def test_work_in_a_process_of_the_pool_is_in_the_trace(spans: InMemorySpanExporter):
    async with ProcessPool("ai_detector", 1) as pool:
        with tracing.span("asking", parent=CALLER):
            seen = await pool.run(traceparent_here)
    assert isinstance(seen, str)
    assert seen.split("-")[1] == TRACE


@pytest.mark.parametrize("work", [traceparent_here, partial(traceparent_here)])
def test_a_span_of_the_pool_is_called_after_its_work(
    spans: InMemorySpanExporter, work: Callable[[], str | None]
):
    _traced("ai_detector", CALLER, work)
    assert [span.name for span in spans.get_finished_spans()] == ["ai_detector traceparent_here"]


def test_without_an_exporter_nothing_is_recorded_and_a_trace_is_handed_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.delenv(tracing.ENDPOINTS[0], raising=False)
    tracing.configure("ingest")
    assert tracing.current() is None
    with tracing.span("a", parent=CALLER) as span:
        assert not span.is_recording()
        assert tracing.current() == CALLER
    assert "traceparent" not in envelope(UPLOADS, an_upload(), source="ingest").headers


def test_an_endpoint_without_the_exporter_installed_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, hide: Callable[[str], None]
):
    monkeypatch.setenv(tracing.ENDPOINTS[0], "http://127.0.0.1:4318")
    hide("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    with pytest.raises(SettingsError, match="not installed"):
        tracing.configure("ingest")


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a module look as if it were not installed."""

    def hidden(name: str) -> None:
        monkeypatch.setitem(sys.modules, name, None)

    return hidden
