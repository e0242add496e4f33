"""Which detector measures: the one that ships, or a checkpoint of the operator's choice."""

from dataclasses import dataclass

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.adapters.process_pool import Work
from services.ai_detector.readout import Readout
from services.ai_detector.settings import BackendKind, DetectorSettings


@dataclass(frozen=True, slots=True)
class Backend:
    """`work` runs in a process of its own. `human_scores`, ascending, are those behind the thresholds."""

    work: Work
    model_version: str
    human_scores: tuple[float, ...]


def chosen(settings: DetectorSettings) -> Backend:
    """What the settings ask for.

    Raises:
        SettingsError: the shipped weights do not fit; the checkpoint, or what it needs, is absent.
    """
    if settings.ai_detector_backend is BackendKind.HUGGINGFACE:
        from services.ai_detector.adapters.huggingface import backend_of  # noqa: PLC0415 - an extra of its own

        return backend_of(settings)
    readout = Readout.load()
    return Backend(measure_file, readout.version, readout.conditions[-1].human_scores)
