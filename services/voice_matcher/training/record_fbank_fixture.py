"""Record what kaldi-native-fbank makes of a fixed signal, for the tests of ``fbank``.

python -m services.voice_matcher.training.record_fbank_fixture OUT.npz
"""

import sys
from pathlib import Path

import kaldi_native_fbank as knf
import numpy as np

RATE = 16_000


def signal() -> np.ndarray:
    """0.7 s: a gliding harmonic tone, noise that fades in, a silent gap and an offset."""
    rng = np.random.default_rng(20)
    time = np.arange(int(0.7 * RATE)) / RATE
    phase = 2 * np.pi * (140 * time + 60 * time**2)
    tone = sum(np.sin(k * phase) / k for k in range(1, 20))
    mixed = 0.1 * tone + 0.05 * time * rng.normal(size=time.size) + 0.02
    mixed[5000:5900] = 0.0
    return mixed.astype(np.float32)


def main() -> int:
    options = knf.FbankOptions()
    options.frame_opts.samp_freq = RATE
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = 80
    fbank = knf.OnlineFbank(options)
    samples = signal()
    fbank.accept_waveform(RATE, samples.tolist())
    fbank.input_finished()
    frames = np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)])
    np.savez_compressed(Path(sys.argv[1]), samples=samples, frames=frames.astype(np.float32))
    return 0


if __name__ == "__main__":
    sys.exit(main())
