"""Reading /metrics and Prometheus: what is taken, and what is left when an answer is none."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from services.moderation.adapters.prometheus import PrometheusNumbers
from services.moderation.adapters.scraping import Scraper, sight_of
from services.moderation.dashboards.expressions import Grown
from services.moderation.dashboards.odometer import Absent, Sight, Wanted
from services.moderation.dashboards.timeline import Timeline
from shared.errors import SystemicError
from tests.unit.dashboards.figure_fakes import NOON, key

WANTED = Wanted(frozenset({"trackgate_tracks_total", "process_cpu_seconds_total"}), {"trackgate_lag": "sum"})
PAGE = """\
# HELP trackgate_tracks_total Tracks.
# TYPE trackgate_tracks_total counter
trackgate_tracks_total{code="a, \\"b\\" {c}",by="policy"} 3.0
trackgate_tracks_total_created{code="a"} 1.7e+09
trackgate_tracks{code="a"} 9.0
trackgate_lag 4
process_cpu_seconds_total 12.5
process_start_time_seconds 1.75e+09
python_info{version="3.11"} 1.0
"""
MINUTE = timedelta(minutes=1)
HOUR = Timeline(tuple(NOON + n * MINUTE for n in range(3)), MINUTE)


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def test_of_a_page_only_the_wanted_samples_are_taken_with_their_labels():
    names = frozenset({*WANTED.counters, *WANTED.gauges, "process_start_time_seconds"})
    assert sight_of("policy", PAGE, names) == Sight(
        "policy",
        1.75e9,
        {
            key("trackgate_tracks_total", code='a, "b" {c}', by="policy"): 3.0,
            key("trackgate_lag"): 4.0,
            key("process_cpu_seconds_total", job="trackgate"): 12.5,
        },
    )


async def test_services_that_do_not_answer_or_answer_something_else_are_absent():
    def answer(request: httpx.Request) -> httpx.Response:
        match request.url.host:
            case "well":
                return httpx.Response(200, text=PAGE)
            case "away":
                raise httpx.ConnectError("refused")
            case "garbage":
                return httpx.Response(200, text="trackgate_lag is <html>")
            case _:
                return httpx.Response(503, text=PAGE)

    async with answering(answer) as http:
        services = {name: f"http://{name}" for name in ("well", "away", "garbage", "failing")}
        seen = await Scraper(http, services).look(WANTED)
    assert [type(one) for one in seen] == [Sight, Absent, Absent, Absent]
    assert [one.instance for one in seen] == list(services)


def matrix(*series: tuple[dict[str, str], list[tuple[float, str]]]) -> httpx.Response:
    result = [{"metric": labels, "values": values} for labels, values in series]
    return httpx.Response(200, json={"status": "success", "data": {"result": result}})


async def test_each_step_is_asked_for_at_its_end_and_what_is_no_number_is_no_value():
    asked: list[dict[str, list[str]]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(parse_qs(request.content.decode()))
        first, _, last = (end.timestamp() for end in HOUR.ends)
        return matrix(({"code": "a"}, [(first, "2.5"), (last, "NaN")]), ({"code": "b"}, [(last, "+Inf")]))

    async with answering(answer) as http:
        tables = await PrometheusNumbers(http, "http://prometheus/").work_out([(Grown("t", ("code",)), HOUR)])
    assert tables == [{("a",): [2.5, None, None], ("b",): [None, None, None]}]
    (query,) = asked
    assert query["query"] == ["sum by (code) (increase(t[60s]))"]
    assert (query["start"], query["step"]) == ([f"{NOON.timestamp():.3f}"], ["60.000"])


async def test_how_far_back_prometheus_reaches_is_told():
    def answer(_request: httpx.Request) -> httpx.Response:
        return matrix(({}, [(HOUR.ends[1].timestamp(), "9"), (HOUR.ends[2].timestamp(), "9")]))

    async with answering(answer) as http:
        known = await PrometheusNumbers(http, "http://prometheus").known(HOUR)
    assert (known.source, known.since) == ("Prometheus", HOUR.ends[0])


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (httpx.Response(400, json={"status": "error", "error": "parse error"}), "parse error"),
        (httpx.Response(200, text="<html>"), "Prometheus"),
        (matrix(), "no numbers of Trackgate"),
    ],
)
async def test_an_answer_that_is_none_is_an_outage(response: httpx.Response, words: str):
    async with answering(lambda _request: response) as http:
        with pytest.raises(SystemicError, match=words):
            await PrometheusNumbers(http, "http://prometheus").known(HOUR)
