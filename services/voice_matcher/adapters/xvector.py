"""A third embedding: any speaker checkpoint with an x-vector head, through `transformers`.

For example WavLM: ``microsoft/wavlm-base-plus-sv``. A name that is not in the local cache is fetched from the
hub. torch is imported only where a checkpoint is asked for. Remote code is never run.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from services.voice_matcher.embedding import unit
from services.voice_matcher.fbank import SAMPLE_RATE, Floats
from shared.errors import SettingsError

_AT_ONCE = 2


class XVector:
    """Implements ``WaveNetwork``. One thread, on the CPU."""

    def __init__(self, checkpoint: str) -> None:
        """Load a folder or a hub name.

        Raises:
            SettingsError: torch or transformers is not installed, there is no such checkpoint, or it does not
                listen at 16 kHz.
        """
        missing = [library for library in ("torch", "transformers") if find_spec(library) is None]
        if missing:
            raise SettingsError(
                f"a checkpoint needs {' and '.join(missing)}: install the extra `hub` "
                "(pip install 'trackgate[hub]')"
            )
        transformers = import_module("transformers")
        self._torch: Any = import_module("torch")
        self._torch.set_num_threads(1)
        try:
            self._extractor: Any = transformers.AutoFeatureExtractor.from_pretrained(checkpoint)
            self._model: Any = transformers.AutoModelForAudioXVector.from_pretrained(checkpoint).eval()
        except (OSError, ValueError) as error:
            raise SettingsError(f"no speaker checkpoint at {checkpoint}: {error}") from error
        if self._extractor.sampling_rate != SAMPLE_RATE:
            raise SettingsError(
                f"{checkpoint} listens at {self._extractor.sampling_rate} Hz, not {SAMPLE_RATE}"
            )

    def embed(self, windows: Floats) -> Floats:
        parts = []
        for first in range(0, len(windows), _AT_ONCE):
            given = self._extractor(
                list(windows[first : first + _AT_ONCE]), sampling_rate=SAMPLE_RATE, return_tensors="pt"
            )
            with self._torch.inference_mode():
                parts.append(self._model(**given).embeddings.numpy())
        return unit(np.concatenate(parts))
