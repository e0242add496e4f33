"""The page's figures from what the services count, through the keeper and the record."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from services.moderation.dashboards.expressions import Grown, Level, Share
from services.moderation.dashboards.figures import (
    Figure,
    Line,
    Plot,
    Ranking,
    Section,
    Spread,
    Tile,
    Unit,
    expressions,
)
from services.moderation.dashboards.numbers import Known, Table
from services.moderation.dashboards.odometer import wanted_of
from services.moderation.dashboards.recorded import Keeper, RecordedNumbers
from services.moderation.dashboards.showing import (
    Board,
    Dashboards,
    ShownPlot,
    ShownRanking,
    ShownSpread,
    ShownTile,
)
from services.moderation.dashboards.timeline import Span
from services.moderation.web.dashboards_view import source_words, value_text, view_of
from shared.clock import SetClock
from shared.errors import SystemicError
from tests.unit.dashboards.figure_fakes import NOON, CountingProcess, MemoryRecord, Services

TRACKS = Grown("tracks")
BY_CODE = Grown("tracks", ("code",))
FIGURES: tuple[Figure, ...] = (
    Tile("all", "All", "…", TRACKS, limit=5),
    Plot("codes", "Codes", "…", (Line("", BY_CODE),)),
    Ranking(
        "top",
        "Top",
        "…",
        "Code",
        (Line("n", BY_CODE), Line("share", Share(BY_CODE, TRACKS))),
        (Unit.COUNT, Unit.SHARE),
        most=2,
    ),
    Spread(
        "scores",
        "Scores",
        "…",
        (Line("live", Grown("score_bucket", ("le",))), Line("calm", Level("calm", "max", ("le",)))),
        (Line("threshold", Level("threshold", "max")),),
    ),
)
OPEN = Section("open", "Open", FIGURES)
NAMES = Section("names", "Names", (FIGURES[0],), sensitive=True)


@dataclass
class World:
    clock: SetClock
    process: CountingProcess
    record: MemoryRecord

    def keeper(self, who: str = "me") -> Keeper:
        wanted = wanted_of(expressions((OPEN,)))
        return Keeper(self.record, Services([self.process]), wanted, self.clock, who=who, every=15)

    def board(self, *before: "AwayNumbers") -> Board:
        sources = (*before, RecordedNumbers(self.record))
        return Board((OPEN, NAMES), sources, self.clock, fresh=timedelta(seconds=10))

    def later(self, **time: float) -> None:
        self.clock.at += timedelta(**time)


@pytest.fixture
def world() -> World:
    return World(SetClock(NOON), CountingProcess("policy", started=1.0), MemoryRecord())


class AwayNumbers:
    async def known(self, timeline: object) -> Known:  # noqa: ARG002 - the port's
        raise SystemicError("Prometheus: away")

    async def work_out(self, wanted: object) -> list[Table]:
        raise AssertionError(f"asked for {wanted} without being known")


async def after_some_tracks(world: World) -> None:
    await world.keeper().look()
    world.later(minutes=2)
    for code, times in (("a", 1), ("b", 4), ("c", 2)):
        world.process.count("tracks", times, code=code)
    for le, count in (("0.0", 3), ("1.0", 7), ("+Inf", 10)):
        world.process.count("score_bucket", count, le=le)
    for le, share in (("0.0", 0.5), ("1.0", 1.0)):
        world.process.count("calm", share, le=le)
    world.process.count("threshold", 0.6)
    await world.keeper().look()


def shown(found: Dashboards, number: int) -> object:
    return found.sections[0].figures[number]


async def test_each_kind_of_figure_shows_what_the_services_counted(world: World):
    await after_some_tracks(world)
    found = await world.board().show(Span.HOUR)

    tile, plot, ranking, spread = (shown(found, n) for n in range(4))
    assert isinstance(tile, ShownTile)
    assert (tile.value, tile.alarming) == (7.0, True)
    assert isinstance(plot, ShownPlot)
    assert {name: sum(v or 0 for v in values) for name, values in plot.series.items()} == {
        "a": 1,
        "b": 4,
        "c": 2,
    }
    assert isinstance(ranking, ShownRanking)
    assert [(name, round(values[1] or 0, 2)) for name, values in ranking.rows] == [("b", 0.57), ("c", 0.29)]
    assert isinstance(spread, ShownSpread)
    assert spread.bars == {"live": [0.3, 0.4, 0.3], "calm": [0.5, 0.5, 0.0]}
    assert spread.marks == {"threshold": 0.6}
    assert spread.counts == {"live": 10.0, "calm": None}


async def test_a_spread_that_is_counted_shows_how_many_there_are(world: World):
    await after_some_tracks(world)
    counted = Spread("scores", "Scores", "…", (Line("live", Grown("score_bucket", ("le",))),), counted=True)
    section = Section("one", "One", (counted,))
    board = Board((section,), [RecordedNumbers(world.record)], world.clock, fresh=timedelta(seconds=1))
    found = await board.show(Span.HOUR)
    spread = found.sections[0].figures[0]
    assert isinstance(spread, ShownSpread)
    assert spread.bars == {"live": [3.0, 4.0, 3.0]}
    (view,) = view_of(found, "EUR")
    assert (view.blocks[0].unit, view.blocks[0].rows[1].cells[0].text) == ("count", "4")


async def test_the_reader_is_told_how_far_back_the_numbers_reach(world: World):
    await after_some_tracks(world)
    found = await world.board().show(Span.HOUR)
    assert source_words(found) == "From the services' own numbers, since 12:00 UTC."
    world.later(hours=3)
    await world.keeper().look()
    assert source_words(await world.board().show(Span.HOUR)) == "From the services' own numbers."
    world.later(days=2)
    await world.keeper().look()
    assert "since 23 Nov 12:00 UTC" in source_words(await world.board().show(Span.MONTH))


async def test_a_source_that_does_not_answer_is_passed_over(world: World):
    await after_some_tracks(world)
    assert (await world.board(AwayNumbers()).show(Span.HOUR)).known.source == "the services' own numbers"


async def test_no_source_at_all_is_an_outage_and_not_a_page_of_zeros(world: World):
    with pytest.raises(SystemicError):
        await world.board().show(Span.HOUR)
    await after_some_tracks(world)
    world.record.away = True
    with pytest.raises(SystemicError):
        await world.board().show(Span.HOUR)


async def test_figures_are_worked_out_once_for_all_who_look_within_a_moment(world: World):
    await after_some_tracks(world)
    board = world.board()
    first = await board.show(Span.HOUR)
    world.later(seconds=9)
    assert await board.show(Span.HOUR) is first
    world.later(seconds=1)
    assert await board.show(Span.HOUR) is not first


async def test_what_names_distributors_can_be_left_out(world: World):
    await after_some_tracks(world)
    found = await world.board().show(Span.HOUR)
    assert [one.section.name for one in found.without_sensitive().sections] == ["open"]


async def test_of_several_processes_one_looks(world: World):
    await world.keeper("first").look()
    await world.keeper("second").look()
    assert len(world.record.kept) == 2  # its beginning, and one look
    await world.keeper("first").look()
    assert len(world.record.kept) == 3


async def test_the_view_has_a_table_behind_each_drawing_and_says_where_nothing_was_counted(world: World):
    await after_some_tracks(world)
    section, _ = view_of(await world.board().show(Span.HOUR), "EUR")
    plot, ranking, spread = section.blocks
    assert section.tiles[0].value == "7"
    assert plot.columns == ("A", "B", "C")
    assert (plot.rows[-1].head, [cell.text for cell in plot.rows[-2].cells]) == ("12:02", ["1", "4", "2"])
    assert [row.head for row in spread.rows] == ["up to 0", "up to 1", "above"]
    assert ranking.rows[0].cells[1].text == "57.1 %"
    assert not plot.empty


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, Unit.COUNT, "\N{EN DASH}"),
        (12_345.0, Unit.COUNT, "12.3 k"),
        (2.97, Unit.COUNT, "3"),
        (0.4567, Unit.SHARE, "45.7 %"),
        (119.0, Unit.SECONDS, "119.0 s"),
        (5400.0, Unit.SECONDS, "90 min"),
        (3.5 * 86_400, Unit.SECONDS, "4 d"),
        (0.0273, Unit.MONEY, "0.027 EUR"),
        (0.00512, Unit.NUMBER, "0.00512"),
    ],
)
def test_numbers_read_as_people_write_them(value: float | None, unit: Unit, text: str):
    assert value_text(value, unit, "EUR") == text
