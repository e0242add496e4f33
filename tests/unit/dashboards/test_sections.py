"""What the page's figures read is declared, and every figure says how to read it."""

from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import ValidationError

from deploy.local.services import trackgate_services
from services.ai_detector.metrics import show_calibration
from services.ai_detector.readout import Readout
from services.moderation.dashboards.expressions import Grown, Level, groups_of, leaves
from services.moderation.dashboards.figures import Figure, Line, Ranking, Spread, expressions, lines_of
from services.moderation.dashboards.odometer import UP, wanted_of
from services.moderation.dashboards.prices import Price
from services.moderation.dashboards.sections import sections
from services.moderation.dashboards.settings import DashboardSettings
from shared.metrics import CALIBRATION
from tests.unit.metrics.declared import declared_names

SECTIONS = sections(Price(0.04, "USD"))
FIGURES = [figure for section in SECTIONS for figure in section.figures]
LINES = [line for figure in FIGURES for line in lines_of(figure)]
LEAVES = sorted({leaf for line in LINES for leaf in leaves(line.of)}, key=str)
every_figure = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)


def labels_of(sample: str) -> set[str]:
    for family in REGISTRY._names_to_collectors.items():
        if family[0] == sample.removesuffix("_bucket").removesuffix("_count"):
            return {*getattr(family[1], "_labelnames", ()), "le"}
    raise AssertionError(f"no metric gives {sample}")


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: f"{leaf.metric} by {leaf.by}")
def test_every_figure_reads_metrics_and_labels_that_are_declared(leaf: Grown | Level):
    if leaf.metric in {UP, "process_cpu_seconds_total"}:
        return
    assert leaf.metric in declared_names()
    assert {*leaf.by, *(label for label, _ in leaf.where)} <= labels_of(leaf.metric)


def test_counters_are_read_as_counters_and_every_gauge_is_put_together_in_one_way():
    folds: dict[str, set[str]] = {}
    for leaf in LEAVES:
        is_counter = leaf.metric.endswith(("_total", "_bucket", "_count"))
        assert isinstance(leaf, Grown) == is_counter, leaf
        if isinstance(leaf, Level) and leaf.metric != UP:
            folds.setdefault(leaf.metric, set()).add(leaf.fold)
    assert all(len(found) == 1 for found in folds.values()), folds
    assert set(folds) == set(wanted_of(expressions(SECTIONS)).gauges)


@every_figure
def test_every_figure_says_how_to_read_it(figure: Figure):
    assert figure.about.endswith(".")


@every_figure
def test_lines_without_a_name_of_their_own_are_named_by_their_groups(figure: Figure):
    marks: tuple[Line, ...] = figure.marks if isinstance(figure, Spread) else ()
    for line in lines_of(figure):
        if isinstance(figure, Ranking):
            assert groups_of(line.of) == groups_of(figure.columns[0].of) != ()
        elif isinstance(figure, Spread):
            assert groups_of(line.of) == (() if line in marks else ("le",))
        else:
            assert bool(line.legend) == (groups_of(line.of) == ())


def test_names_are_their_own():
    names = [figure.name for figure in FIGURES] + [section.name for section in SECTIONS]
    # A section and its only ranking may share a name: their elements have other prefixes.
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert len(set(names)) >= len(names) - 1


def test_only_the_section_that_names_distributors_groups_by_them():
    by_distributor = {
        section.name
        for section in SECTIONS
        for figure in section.figures
        for line in lines_of(figure)
        if "distributor" in groups_of(line.of)
    }
    assert by_distributor == {section.name for section in SECTIONS if section.sensitive}


def test_the_price_of_a_core_is_stated_beside_the_cost():
    cost = next(figure for figure in FIGURES if figure.name == "cost")
    assert "0.04 USD for an hour of a core" in cost.about


def test_by_default_the_page_looks_at_every_service_of_the_local_stack():
    local = {spec.name: f"http://127.0.0.1:{spec.port}" for spec in trackgate_services({}, Path())}
    assert DashboardSettings().service_addresses == local


def test_the_local_stack_tells_the_page_where_it_put_each_service():
    specs = trackgate_services({"TRACKGATE_POLICY_PORT": "21000"}, Path())
    desk = next(spec for spec in specs if spec.name == "moderation")
    told = DashboardSettings(services=desk.env["TRACKGATE_SERVICES"]).service_addresses
    assert told == {spec.name: f"http://127.0.0.1:{spec.port}" for spec in specs}


@pytest.mark.parametrize("wrong", ["policy", "=http://127.0.0.1:1", "policy=127.0.0.1:1"])
def test_an_address_that_is_none_stops_the_start(wrong: str):
    with pytest.raises(ValidationError, match="is not name=http"):
        DashboardSettings(services=wrong)


def test_the_calibration_set_lies_on_the_scale_of_the_live_histogram():
    """A model on another scale would have no scores at the edges that are compared, and never drift."""
    show_calibration(Readout.load().conditions[-1].human_scores)
    below = sorted(
        sample.value
        for family in CALIBRATION.collect()
        for sample in family.samples
        if sample.labels["detector"] == "ai_detector"
    )
    steps = [b - a for a, b in pairwise([0.0, *below, 1.0])]
    assert below[-1] >= 0.99
    assert below[0] <= 0.05
    assert max(steps) <= 0.5
