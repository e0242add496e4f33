"""Which detector measures: the one that ships, or a checkpoint of the operator's choice."""

from dataclasses import dataclass
from functools import partial

from services.ai_detector.adapters.c2pa_reader import TrustList
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
        SettingsError: weights, trust list or checkpoint do not fit or are absent, or what they need is.
    """
    if settings.ai_detector_backend is BackendKind.HUGGINGFACE:
        from services.ai_detector.adapters.huggingface import backend_of  # noqa: PLC0415 - an extra of its own

        return backend_of(settings)
    readout = Readout.load()
    work = partial(measure_file, trust=TrustList.read(settings.ai_detector_c2pa_trust))
    return Backend(work, readout.version, readout.conditions[-1].human_scores)
