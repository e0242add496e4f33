"""What the running services show: numbers for every panel to Prometheus, whole traces to a collector."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from redis.asyncio import Redis

from deploy.grafana.definitions import DASHBOARDS
from deploy.local.ports import HOST
from deploy.samples.manifest import FOLDER, Sample, load_manifest
from services.cli.adapters.tracks_api import tracks_api
from services.cli.tracks import Track
from shared.events import AppealDecided, AppealOutcome, DecisionMade, ReviewResolved
from shared.events import Outcome as Verdict
from shared.ids import deterministic_id
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import APPEALS_DECIDED, REVIEWS
from shared.views.redis_tracks import RedisTrackViews
from tests.integration.metrics.collector import Collected, Collector, collector
from tests.integration.metrics.prometheus import INSTALLED, Prometheus, prometheus
from tests.integration.metrics.screening_stack import Screening, screening_stack

pytestmark = [
    pytest.mark.timeout(420),
    pytest.mark.skipif(
        not INSTALLED,
        reason="NO QUERY OF ANY DASHBOARD IS TESTED: Prometheus is not installed (Debian's `prometheus`)",
    ),
]
TODAY = date(2026, 11, 23)
DELIVERED = ("tracks/a-new-journey.flac", "tracks/glass-orchard.flac", "tracks/call-me-back.wav")
HTTP = {"ingest", "registry"}
_BY_DETECTOR = "sum by (detector) (trackgate_findings_total)"
QUERIES = [
    pytest.param(query.expr, id=f"{dashboard.name}: {panel.title}: {number}")
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    for number, query in enumerate(panel.queries, start=1)
]


@pytest.fixture(scope="module")
def collecting() -> Iterator[Collector]:
    with collector() as started:
        yield started


@pytest.fixture(scope="module")
def screening(tmp_path_factory: pytest.TempPathFactory, collecting: Collector) -> Iterator[Screening]:
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collecting.url, "OTEL_BSP_SCHEDULE_DELAY": "300"}
    with screening_stack(tmp_path_factory.mktemp("screening"), traced) as running:
        yield running


@pytest.fixture(scope="module")
def asked(screening: Screening, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus, once it has seen three tracks come, a file refused, and a person's answer."""
    targets = {name: f"{HOST}:{spec.port}" for name, spec in screening.services.items()}
    jobs = {
        "trackgate-workers": [target for name, target in targets.items() if name not in HTTP],
        "trackgate-http": [target for name, target in targets.items() if name in HTTP],
    }
    with prometheus(tmp_path_factory.mktemp("prometheus") / "home", jobs) as scraping:
        until(lambda: len(scraping.ask("up == 1")) == len(targets), "every service is scraped")
        asyncio.run(deliver_and_review(screening))
        until(
            lambda: scraping.numbers("sum(increase(trackgate_reviews_applied_total[5m]))") > [0.0],
            "the review is seen",
        )
        yield scraping


def until(condition: Callable[[], bool], what: str, *, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.25)


async def deliver_and_review(screening: Screening) -> None:
    samples = {sample.file: sample for sample in load_manifest().samples}
    tracks = await asyncio.gather(*(decided(screening, samples[name]) for name in DELIVERED))
    held = next(track for track in tracks if track.state == "quarantine")
    async with (
        Redis.from_url(screening.stack.redis_url) as client,
        ConfluentPublisher(screening.stack.bootstrap_servers) as publisher,
    ):
        view = await RedisTrackViews(client).load(held.track_id)
        assert view is not None
        assert view.decision is not None
        await publisher.publish(envelope(REVIEWS, review_of(view.decision), source="moderation"))
        await publisher.publish(envelope(APPEALS_DECIDED, appeal_about(view.decision), source="moderation"))


async def decided(screening: Screening, sample: Sample) -> Track:
    async with tracks_api(screening.url("ingest"), screening.keys[sample.distributor]) as api:
        metadata = sample.metadata(TODAY)
        track_id = await api.deliver(FOLDER / sample.file, metadata, lambda _sent: None)
        async for track in api.watch(track_id):
            if track.decision is not None:
                return track
    raise AssertionError(f"{sample.file} was not decided")


def review_of(decision: DecisionMade) -> ReviewResolved:
    return ReviewResolved(
        event_id=deterministic_id("review", decision.event_id),
        occurred_at=datetime.now(UTC),
        track_id=decision.track_id,
        decision_id=decision.event_id,
        outcome=Verdict.PUBLISH,
        reviewer_id="ada",
        confirmed_by="ben",
    )


def appeal_about(decision: DecisionMade) -> AppealDecided:
    return AppealDecided(
        event_id=deterministic_id("appeal", decision.event_id),
        occurred_at=datetime.now(UTC),
        appeal_id="appeal-1",
        track_id=decision.track_id,
        decision_id=decision.event_id,
        outcome=AppealOutcome.OVERTURNED,
        distributor_id="northwind-distribution",
        decided_by="ada",
        reasons=tuple(reason.code for reason in decision.reasons),
        detectors=("voice_matcher",),
    )


@pytest.mark.parametrize("expr", QUERIES)
def test_the_query_returns_numbers(asked: Prometheus, expr: str):
    now = expr.replace("$__rate_interval", "2m").replace("$__range", "10m")
    numbers: list[float] = []

    def some() -> bool:
        numbers[:] = asked.numbers(now)
        return bool(numbers)

    until(some, f"{now} returns a number", seconds=15)


def test_the_pipeline_counted_what_came(asked: Prometheus):
    assert asked.numbers("sum(trackgate_uploads_total)") == [3.0]
    assert asked.numbers("sum(trackgate_tracks_decided_total)") == [3.0]
    found = {one["metric"]["detector"]: one["value"][1] for one in asked.ask(_BY_DETECTOR)}
    assert found == {"ai_detector": "3", "voice_matcher": "3", "fingerprint": "3"}
    assert asked.numbers("sum(trackgate_upload_to_decision_seconds_count)") == [3.0]
    assert asked.numbers('trackgate_reviews_applied_total{before="quarantine",after="publish"}') == [1.0]
    assert asked.numbers("max(trackgate_finding_real_time_factor_sum)") > [0.0]
    assert asked.numbers("sum(trackgate_stream_dead_letters_total)") == [0.0]


def test_no_label_holds_a_track_or_an_artist(asked: Prometheus):
    labels = {
        value
        for sample in asked.ask('{__name__=~"trackgate_.*"}')
        for name, value in sample["metric"].items()
        if name not in {"__name__", "instance", "le"}
    }
    manifest = load_manifest()
    words = {artist.id for artist in manifest.artists} | {artist.name for artist in manifest.artists}
    assert not labels & words
    assert not any(len(label) > 40 for label in labels)


@pytest.mark.usefixtures("asked")
def test_a_track_is_one_trace_from_the_upload_over_both_detectors_and_their_pools_to_the_decision(
    collecting: Collector,
):
    wanted = {
        ("trackgate-ingest", "POST /v1/tracks"),
        ("trackgate-ai_detector", "ai_detector handles tracks.uploaded"),
        ("trackgate-ai_detector", "ai_detector measure_file"),
        ("trackgate-voice_matcher", "voice_matcher handles tracks.uploaded"),
        ("trackgate-voice_matcher", "voice_matcher listen_to"),
        ("trackgate-policy", "policy handles tracks.uploaded"),
        ("trackgate-policy", "policy handles tracks.findings"),
        ("trackgate-policy", "policy decides"),
        ("trackgate-moderation", "moderation handles tracks.decisions"),
    }

    def traces() -> list[list[Collected]]:
        spans = collecting.spans()
        roots = [span for span in spans if span.name == "POST /v1/tracks"]
        return [[span for span in spans if span.trace == root.trace] for root in roots]

    def whole(spans: list[Collected]) -> bool:
        ids = {span.id for span in spans}
        return {(span.service, span.name) for span in spans} >= wanted and all(
            span.parent in ids for span in spans if span.name != "POST /v1/tracks"
        )

    def all_whole() -> bool:
        return len(traces()) == len(DELIVERED) and all(whole(spans) for spans in traces())

    until(all_whole, f"a whole trace for each track, not {traces()}", seconds=30)
