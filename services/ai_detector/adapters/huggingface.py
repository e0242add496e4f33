"""A second back end: any audio-classification checkpoint, through `transformers`, with the same finding.

Neither torch nor transformers is imported unless this back end is chosen. Remote code is never run.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from services.ai_detector.adapters.c2pa_reader import NOBODY, TrustList
from services.ai_detector.adapters.measuring_process import metered
from services.ai_detector.backends import Backend
from services.ai_detector.domain import MIN_SECONDS
from services.ai_detector.measurement import Measurement, Obstacle
from services.ai_detector.meter import Metered
from services.ai_detector.settings import DetectorSettings
from services.ai_detector.spectrum import SILENCE_RMS, Floats, rms
from services.ai_detector.windowed import Limits, concluded, windows
from shared.audio import DecodedAudio
from shared.errors import SettingsError
from shared.events.finding import Verdict

GENERATED_WORDS = frozenset(
    {"ai", "ai-generated", "ai_generated", "deepfake", "fake", "generated", "machine", "spoof", "synthetic"}
)
"""Labels that are taken to mean generated where the operator names none; compared in lower case."""
_WINDOWS_AT_ONCE = 4
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`generated` are indices of the labels that mean generated; `version` changes with the weights."""

    source: str
    version: str
    generated: tuple[int, ...]
    limits: Limits
    trust: TrustList = NOBODY


def backend_of(settings: DetectorSettings) -> Backend:
    """The checkpoint that the settings name. Reads its configuration, not its weights.

    A hub name that is not in the local cache is fetched from the hub, here and then by each process.

    Raises:
        SettingsError: torch or transformers is not installed, there is no such checkpoint, or none of its
            labels is known to mean generated.
    """
    source = settings.ai_detector_checkpoint or ""
    missing = [library for library in ("torch", "transformers") if find_spec(library) is None]
    if missing:
        raise SettingsError(
            f"the back end huggingface needs {' and '.join(missing)}: install the extra `hub` "
            "(pip install 'trackgate[hub]')"
        )
    config = _config(source)
    _check_hears(source)
    checkpoint = Checkpoint(
        source=source,
        version=_version(source, config),
        generated=_generated(config.id2label, settings.ai_detector_generated_labels, source),
        limits=Limits(settings.ai_detector_likely, settings.ai_detector_inconclusive),
        trust=TrustList.read(settings.ai_detector_c2pa_trust),
    )
    return Backend(partial(measure_with, checkpoint), checkpoint.version, ())


def measure_with(checkpoint: Checkpoint, path: Path, sha256: str | None) -> Metered:
    """`measure_file` with a checkpoint; the first call in a process loads it."""
    return metered(path, sha256, partial(_listen, checkpoint), checkpoint.trust)


def _listen(checkpoint: Checkpoint, decoded: DecodedAudio) -> Measurement:
    obstacle = _obstacle(decoded.samples, decoded.sample_rate)
    if obstacle is not None:
        return Measurement(Verdict.NOT_MEASURED, checkpoint.version, 0.0, obstacle=obstacle)
    extractor, model = _loaded(checkpoint.source)
    rate = int(extractor.sampling_rate)
    mono = np.asarray(decoded.samples.mean(axis=1), np.float32)
    heard = mono if decoded.sample_rate == rate else soxr.resample(mono, decoded.sample_rate, rate)
    spans = windows(heard.size, rate)
    probabilities = [
        _probabilities(
            [heard[a:b] for a, b in spans[first : first + _WINDOWS_AT_ONCE]], checkpoint, extractor, model
        )
        for first in range(0, len(spans), _WINDOWS_AT_ONCE)
    ]
    seconds = [(a / rate, b / rate) for a, b in spans]
    return concluded(np.concatenate(probabilities), seconds, checkpoint.limits, checkpoint.version)


def _obstacle(samples: Floats, rate: int) -> Obstacle | None:
    if samples.shape[0] < MIN_SECONDS * rate:
        return Obstacle.TOO_SHORT
    if not np.isfinite(samples).all():
        return Obstacle.NOT_FINITE
    return Obstacle.SILENT if rms(samples) < SILENCE_RMS else None


def _probabilities(
    stretches: list[Floats], checkpoint: Checkpoint, extractor: Any, model: Any
) -> NDArray[np.float64]:
    """Of windows of equal length, that each is generated; shape (windows,)."""
    torch = _extra("torch")
    values = extractor(stretches, sampling_rate=extractor.sampling_rate, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**values).logits.double()
    independent = logits.shape[1] == 1 or model.config.problem_type == "multi_label_classification"
    shares = torch.sigmoid(logits) if independent else torch.softmax(logits, dim=1)
    chosen = shares[:, list(checkpoint.generated)]
    found = chosen.amax(dim=1) if independent else chosen.sum(dim=1)
    return np.asarray(found.clamp(0.0, 1.0).numpy(), dtype=np.float64)


@lru_cache(maxsize=1)
def _loaded(source: str) -> tuple[Any, Any]:
    _extra("torch").set_num_threads(1)
    transformers = _extra("transformers")
    transformers.utils.logging.disable_progress_bar()
    return (
        transformers.AutoFeatureExtractor.from_pretrained(source),
        transformers.AutoModelForAudioClassification.from_pretrained(source).eval(),
    )


def _extra(name: str) -> Any:
    """A library of the extra `hub`, imported where it is used: without this back end it is not there."""
    return import_module(name)


def _config(source: str) -> Any:
    try:
        return _extra("transformers").AutoConfig.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise SettingsError(f"no checkpoint {source}: {str(error).splitlines()[0]}") from error


def _check_hears(source: str) -> None:
    """Whether it comes with a feature extractor for audio, found out without its weights."""
    try:
        found = _extra("transformers.utils").cached_file(source, "preprocessor_config.json")
        rate = json.loads(Path(found).read_text()).get("sampling_rate")
    except (OSError, ValueError) as error:
        raise SettingsError(f"{source} has no feature extractor: {str(error).splitlines()[0]}") from error
    if not isinstance(rate, int) or rate <= 0:
        raise SettingsError(f"the feature extractor of {source} names no sampling rate: it hears no audio")


def _generated(labels: dict[int, str], wanted: tuple[str, ...], source: str) -> tuple[int, ...]:
    lower = {name.lower() for name in wanted} or GENERATED_WORDS
    found = tuple(sorted(index for index, name in labels.items() if name.lower() in lower))
    unknown = {name.lower() for name in wanted} - {name.lower() for name in labels.values()}
    if unknown or not found:
        raise SettingsError(
            f"the labels of {source} are {', '.join(labels.values())}: "
            "name those that mean generated in TRACKGATE_AI_DETECTOR_GENERATED_LABELS"
        )
    return found


def _version(source: str, config: Any) -> str:
    """Folder name and a digest of what is in it; for the hub its name and commit."""
    folder = Path(source)
    if not folder.is_dir():
        return f"hf-{source}@{str(getattr(config, '_commit_hash', None) or 'unknown')[:_DIGITS]}"
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix in {".json", ".safetensors", ".bin"}:
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return f"hf-{folder.resolve().name}@{digest.hexdigest()[:_DIGITS]}"
