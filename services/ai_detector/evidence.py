"""A measurement as plain values: what a moderator or a script reads, and what goes into the finding."""

from dataclasses import asdict

from services.ai_detector.domain import Measurement
from services.ai_detector.readout import Readout


def explanation(measurement: Measurement, readout: Readout) -> dict[str, object]:
    """The measurement with its evidence as JSON-ready values."""
    found: dict[str, object] = {
        "verdict": str(measurement.verdict),
        "reason": reason(measurement),
        "model_version": measurement.model_version,
        "seconds_measured": round(measurement.seconds_measured, 2),
        "score": measurement.score,
        "threshold": measurement.threshold,
        "probability": measurement.probability,
        "bandwidth_hz": measurement.bandwidth_hz,
        "comb": None,
        "passages": [asdict(passage) for passage in measurement.passages],
    }
    if measurement.reading is not None:
        reading = measurement.reading
        condition = readout.condition(measurement.seconds_measured)
        found["human_share_scoring_as_high"] = measurement.human_share
        found["human_scores_behind_that"] = len(condition.human_scores)
        found["human_recordings_behind_that"] = condition.human_recordings
        found["features"] = asdict(reading.features)
        found["contributions"] = readout.contributions(reading.features)
        found["comb"] = {
            "evident": measurement.spacing_hz is not None,
            "spacing_hz": reading.spacing_hz,
            "teeth": reading.teeth,
            "teeth_above_5_khz": reading.teeth_above_5k,
            "strongest_at_any_spacing_hz": reading.free_spacing_hz,
            "possible_origins": [asdict(origin) for origin in measurement.origins],
        }
    return found


def reason(measurement: Measurement) -> str:
    """One sentence that says what the verdict rests on and claims no more."""
    if measurement.obstacle is not None:
        return f"not measured: {measurement.obstacle.replace('_', ' ')}"
    if measurement.score is None or measurement.human_share is None:
        raise ValueError("a measured track has a score")
    share = f"{100 * measurement.human_share:.1f} % of human recordings of such length score as high"
    if measurement.spacing_hz is not None:
        return f"spectral teeth every {measurement.spacing_hz:.2f} Hz, as up-sampling decoders leave; {share}"
    return f"no comb that stands out by itself; {share}"


def measurements(measurement: Measurement) -> dict[str, float | str]:
    """Named numbers for the finding: the scalars, the band and the comb."""
    if measurement.reading is None or measurement.bandwidth_hz is None or measurement.human_share is None:
        return {}
    values: dict[str, float | str] = {
        k: round(float(v), 4) for k, v in asdict(measurement.reading.features).items()
    }
    values["bandwidth_hz"] = round(measurement.bandwidth_hz, 1)
    values["human_share"] = round(measurement.human_share, 6)
    if measurement.spacing_hz is not None:
        values["spacing_hz"] = round(measurement.spacing_hz, 3)
        values["possible_decoders"] = ", ".join(
            f"{o.rate}/{o.strides}" + (f" x{o.multiple}" if o.multiple > 1 else "")
            for o in measurement.origins[:6]
        )
    return values
