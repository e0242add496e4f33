"""One file with all its evidence, as values and as a picture."""

from dataclasses import asdict, dataclass
from pathlib import Path

from services.ai_detector.adapters.c2pa_reader import TrustList
from services.ai_detector.adapters.measuring_process import decoded_by_hand, measure_file
from services.ai_detector.evidence import explanation
from services.ai_detector.features import analysed_band
from services.ai_detector.measurement import Measurement
from services.ai_detector.meter import Failure
from services.ai_detector.readout import Readout
from services.ai_detector.residual_view import ResidualView, residual_view
from services.ai_detector.spectrum import long_term_spectra
from shared.audio import DecodeFailure
from shared.errors import SettingsError, TrackgateError


@dataclass(frozen=True, slots=True)
class Explained:
    """`values` are JSON-ready. `measurement` and `view` are None where there is nothing to show."""

    name: str
    values: dict[str, object]
    measurement: Measurement | None
    view: ResidualView | None
    readout: Readout

    @property
    def failed(self) -> bool:
        return self.measurement is None


def explained(path: Path, trust: TrustList) -> Explained:
    """Measure a file and look at it once more for what a person wants to see. Blocks."""
    readout = Readout.load()
    try:
        metered = measure_file(path, None, trust)
    except TrackgateError as error:
        return _failure(path, str(error), readout)
    found = metered.result
    if isinstance(found, Failure):
        return _failure(path, f"{found.kind}: {found.detail}", readout)
    values = {"file": str(path)} | explanation(found, readout)
    values["remarks"] = list(metered.remarks)
    provenance = metered.provenance
    values["provenance"] = None if provenance is None else provenance.model_dump(mode="json")
    values["cpu_seconds"] = round(metered.cpu_seconds, 3)
    view = _view(path, found)
    if view is not None:
        values["teeth"] = [asdict(tooth) for tooth in view.teeth]
        values["echoes_taken_out"] = view.echoes
    return Explained(path.name, values, found, view, readout)


def picture_of(told: Explained, target: Path) -> None:
    """Draw what there is to see into a PNG.

    Raises:
        SettingsError: matplotlib is not installed, or the file cannot be written.
    """
    if told.measurement is None or told.view is None:
        raise SettingsError("nothing was measured, so there is nothing to draw")
    try:
        from services.ai_detector.picture import draw  # noqa: PLC0415 - an extra that no service needs
    except ImportError as error:
        raise SettingsError(
            f"drawing needs the extra `pictures`: pip install 'trackgate[pictures]' ({error})"
        ) from error
    try:
        draw(told.name, told.measurement, told.view, told.readout, target)
    except OSError as error:
        raise SettingsError(f"cannot write {target}: {error.strerror}") from error


def _view(path: Path, found: Measurement) -> ResidualView | None:
    if found.obstacle is not None:
        return None
    decoded = decoded_by_hand(path)
    spectra = (
        None
        if isinstance(decoded, DecodeFailure)
        else long_term_spectra(decoded.samples, decoded.sample_rate)
    )
    return None if spectra is None else residual_view(spectra, analysed_band(spectra), found.spacing_hz)


def _failure(path: Path, why: str, readout: Readout) -> Explained:
    values: dict[str, object] = {
        "file": str(path),
        "verdict": "error",
        "reasons": [why],
        "model_version": readout.version,
    }
    return Explained(path.name, values, None, None, readout)
