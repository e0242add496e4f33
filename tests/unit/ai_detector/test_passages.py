"""A generated stretch in a clean track shows where it is; looking often finds none where there is none."""

import numpy as np
import pytest

from services.ai_detector.domain import STRETCHES, measure
from services.ai_detector.evidence import clock, reason
from services.ai_detector.measurement import Measurement
from services.ai_detector.passages import PASSAGE_SECONDS, allowance
from services.ai_detector.readout import Condition, Readout
from services.ai_detector.training.decoder_bank import Decoder, decoded
from shared.events.finding import Verdict
from tests.unit.ai_detector.sounds import coloured_noise, melody, with_teeth

RATE = 32_000


@pytest.fixture(scope="module")
def readout() -> Readout:
    return Readout.load()


@pytest.mark.parametrize(("start", "length"), [(20, 30), (60, 20)])
def test_a_generated_bridge_in_a_clean_track_shows_where_it_is(
    readout: Readout, start: int, length: int
) -> None:
    clean = coloured_noise(90, RATE)
    before, bridge, after = np.split(clean, [start * RATE, (start + length) * RATE])
    spliced = np.concatenate([before, with_teeth(bridge, RATE, 200.0), after])
    measured = measure(spliced, RATE, readout)
    assert measured.verdict is not Verdict.NOT_DETECTED
    (found,) = measured.ranges
    assert found.start == pytest.approx(start, abs=PASSAGE_SECONDS / 2)
    assert found.end == pytest.approx(start + length, abs=PASSAGE_SECONDS / 2)
    assert found.verdict is Verdict.LIKELY_GENERATED
    if measured.verdict is Verdict.INCONCLUSIVE:
        assert f"at {clock(start)}-{clock(start + length)}" in reason(measured)


def test_most_bridges_from_random_decoders_in_played_songs_show_and_only_where_they_are(
    readout: Readout,
) -> None:
    found = [with_bridge(readout, seed) for seed in range(6)]
    shown = [measured for measured in found if measured.ranges]
    assert len(shown) >= 4
    for measured in shown:
        assert [(r.start, r.end) for r in measured.ranges] == [
            pytest.approx((30, 60), abs=PASSAGE_SECONDS / 2)
        ]
        assert measured.verdict is not Verdict.NOT_DETECTED


def with_bridge(readout: Readout, seed: int) -> Measurement:
    song = melody(90, RATE, seed=seed) + 0.5 * coloured_noise(90, RATE, seed=seed)
    before, bridge, after = np.split(song, [30 * RATE, 60 * RATE])
    decoder = Decoder(RATE, strides=(8, 5, 4, 2), kernel_factor=2, bias=0.02, snake=True)
    made, _ = decoded(bridge, RATE, decoder, np.random.default_rng(seed))
    bridge = np.pad(made, ((0, len(bridge) - len(made)), (0, 0)))
    return measure(np.concatenate([before, bridge, after]).astype(np.float32), RATE, readout)


def test_passages_follow_each_other_through_the_track(readout: Readout) -> None:
    measured = measure(coloured_noise(47, RATE), RATE, readout)
    assert measured.passages[0].start == 0.0
    assert measured.passages[-1].end == pytest.approx(47.0, abs=0.5)
    for one, following in zip(measured.passages, measured.passages[1:], strict=False):
        assert following.start == pytest.approx(one.end, abs=0.1)


def test_a_generated_half_minute_of_a_long_track_that_is_read_in_part_shows(readout: Readout) -> None:
    before, bridge, after = np.split(coloured_noise(300, RATE), [150 * RATE, 190 * RATE])
    measured = measure(np.concatenate([before, with_teeth(bridge, RATE, 200.0), after]), RATE, readout)
    assert measured.ranges
    assert all(150 - PASSAGE_SECONDS <= r.start < r.end <= 190 + PASSAGE_SECONDS for r in measured.ranges)


def test_in_stretches_of_a_long_track_a_generated_half_minute_shows_where_it_is(readout: Readout) -> None:
    before, bridge, after = np.split(coloured_noise(300, RATE), [150 * RATE, 190 * RATE])
    whole = np.concatenate([before, with_teeth(bridge, RATE, 200.0), after])
    starts = STRETCHES.starts(300.0)
    each = int(STRETCHES.each)
    parts = np.concatenate([whole[int(at * RATE) : int(at * RATE) + each * RATE] for at in starts])
    measured = measure(parts, RATE, readout, starts)
    assert measured.seconds_measured == pytest.approx(90.0)
    assert measured.ranges
    assert all(150 - PASSAGE_SECONDS <= r.start < r.end <= 190 + PASSAGE_SECONDS for r in measured.ranges)
    assert measured.passages[0].start == 0.0
    assert measured.passages[-1].end > 280.0
    for passage in measured.passages:
        assert any(at <= passage.start and passage.end <= at + each for at in starts)


def test_a_short_track_has_no_passages_beside_the_whole(readout: Readout) -> None:
    assert measure(coloured_noise(9, RATE), RATE, readout).passages == ()


@pytest.mark.parametrize("seed", range(4))
def test_a_clean_track_has_no_range_that_stands_out(readout: Readout, seed: int) -> None:
    measured = measure(coloured_noise(90, RATE, seed=seed), RATE, readout)
    assert measured.ranges == ()
    assert measured.verdict is Verdict.NOT_DETECTED


@pytest.mark.parametrize("looks", [1, 6, 18])
def test_the_greatest_of_many_human_scores_passes_no_more_often_than_one_does(looks: int) -> None:
    rng = np.random.default_rng(3)
    scores = np.sort(rng.exponential(1.0, 20_000))
    likely = float(np.quantile(scores, 0.995))
    condition = Condition(
        from_seconds=0,
        from_hz=0,
        likely=likely,
        inconclusive=float(np.quantile(scores, 0.95)),
        human_recordings=20_000,
        human_likely=100,
        human_inconclusive=1000,
        human_scores=tuple(scores),
    )
    greatest = rng.exponential(1.0, (20_000, looks)).max(axis=1)
    assert np.mean(greatest - allowance(condition, looks) >= likely) <= 0.0075
