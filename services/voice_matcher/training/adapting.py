"""A voice network adapted to singing under a band: taught by itself what the voice alone sounds like.

The published network is the teacher. The pupil starts as its copy and hears a voice under music, muffled or
tilted; it is to place it where the teacher places the same three seconds alone, drawn towards the mean of
that voice's phrases, spoken and sung at many pitches. Both are compared as the service compares: centred and
whitened, by the teacher's covariance within voices. A second, smaller term tells the voices of the training
apart (softmax over their means). A round may play many of the phrases up to two semitones faster or slower,
and then keeps as strangers only voices that were moved further. It may take a share of recorded songs beside
the rendered phrases, centred by themselves, nearly always with music other than their own on top. Batch-norm
statistics stay the teacher's. Persons and music are those that are not held out.
"""

import argparse
import math
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import soxr
import torch
from scipy.signal import butter, sosfilt
from torch.nn import functional

from services.voice_matcher.fbank import SAMPLE_RATE
from services.voice_matcher.training.phrases import OWN, Phrase, bands, phrases
from services.voice_matcher.training.recorded import is_recorded, recorded
from services.voice_matcher.training.registers import whitening

_BATCH = 24
_WARM_UP = 15
_OWN = 0.6
"""Share of the target that is the same three seconds alone; the rest is the voice's mean."""
_OWN_RECORDED = 0.4
_APART = 0.15
"""Weight of telling the voices apart, at a temperature of 0.1."""
_ALONE = 0.25
"""Share of phrases without music: the clean voice stays where it is."""
_ALONE_RECORDED = 0.1
_AVERAGED = 0.97
"""The weights that ship are a running mean over the steps."""
_PLAYED_SEMITONES = 2.2
_SEED = 8


class Hearing(Protocol):
    """How a network hears."""

    samples: int
    """Of a phrase at 16 kHz that the pupil hears at a time."""

    def features(self, signal: np.ndarray) -> np.ndarray:
        """(frames, bands) of a mono signal in [-1, 1]."""
        ...

    def embed(self, network: torch.nn.Module, features: torch.Tensor) -> torch.Tensor:
        """(n, frames, bands) to (n, d), as the service does it; of any length."""
        ...


@dataclass(frozen=True)
class Round:
    """``played``: share of phrases at another speed; ``apart``: semitones strangers are moved at least.

    ``recorded``: share of recorded songs in a batch.
    """

    steps: int
    rate: float
    played: float
    apart: float
    recorded: float = 0.0


@dataclass(frozen=True)
class Lessons:
    """Where each phrase belongs. Unit rows: ``targets`` by phrase, ``means`` by voice, both whitened.

    ``origins``: the means to subtract of rendered phrases (0) and of recorded songs (1).
    """

    voices: np.ndarray
    recorded: np.ndarray
    targets: torch.Tensor
    means: torch.Tensor
    origins: torch.Tensor
    whitening: torch.Tensor

    def place(self, embeddings: torch.Tensor, chosen: np.ndarray) -> torch.Tensor:
        origins = self.origins[self.recorded[chosen].astype(int)]
        away = functional.normalize(embeddings.float(), dim=1) - origins
        return functional.normalize(away @ self.whitening, dim=1)

    def by_voice(self, *, recorded: bool) -> list[np.ndarray]:
        """The phrases of each voice of one kind."""
        found = [np.flatnonzero(self.voices == voice) for voice in range(len(self.means))]
        return [phrases for phrases in found if self.recorded[phrases[0]] == recorded]


def taught(teacher: torch.nn.Module, hearing: Hearing, said: Sequence[Phrase]) -> Lessons:
    """What the teacher makes of the phrases alone."""
    parts = []
    with torch.no_grad():
        for start in range(0, len(said), 16):
            heard = np.stack([hearing.features(phrase.audio) for phrase in said[start : start + 16]])
            parts.append(hearing.embed(teacher, torch.from_numpy(heard)).float())
    rows = functional.normalize(torch.cat(parts), dim=1).numpy()
    _, voices = np.unique([phrase.singer for phrase in said], return_inverse=True)
    songs = np.array([is_recorded(phrase) for phrase in said])
    rendered = rows[~songs].mean(0)
    origins = np.stack([rendered, rows[songs].mean(0) if songs.any() else rendered])
    centred = rows - origins[songs.astype(int)]
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    means = np.stack([centred[voices == voice].mean(0) for voice in range(voices.max() + 1)])
    named = [(phrase.voice, phrase.shift) for phrase in said if not is_recorded(phrase)]
    matrix = torch.from_numpy(whitening(centred[~songs], named)).float()
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    own = np.where(songs, _OWN_RECORDED, _OWN)[:, None]
    targets = torch.from_numpy(own * centred + (1 - own) * means[voices]).float()
    return Lessons(
        voices=voices,
        recorded=songs,
        targets=functional.normalize(targets @ matrix, dim=1),
        means=functional.normalize(torch.from_numpy(means).float() @ matrix, dim=1),
        origins=torch.from_numpy(origins).float(),
        whitening=matrix,
    )


def spoilt(
    phrase: Phrase, music: Sequence[np.ndarray], samples: int, played: float, rng: np.random.Generator
) -> np.ndarray:
    """A part of a phrase as it may reach us: faster, slower, under music at -4 to 11 dB, muffled, tilted."""
    voice = phrase.audio
    if rng.random() < played:
        speed = 2 ** (rng.uniform(-_PLAYED_SEMITONES, _PLAYED_SEMITONES) / 12)
        voice = soxr.resample(voice, SAMPLE_RATE, SAMPLE_RATE * speed).astype(np.float32)
    start = int(rng.integers(0, voice.size - samples + 1))
    part = voice[start : start + samples]
    level = float(np.sqrt((part**2).mean())) + 1e-6
    if level < 0.01:
        part, level = part * (0.05 / level), 0.05
    band = _excerpt(music, samples, rng)
    if rng.random() < 0.3:
        band = band + _excerpt(music, samples, rng) * rng.uniform(0.3, 1.0)
    gain = level / (float(np.sqrt((band**2).mean())) + 1e-6) * 10 ** (-rng.uniform(-4.0, 11.0) / 20)
    mixed = (
        part if rng.random() < (_ALONE_RECORDED if is_recorded(phrase) else _ALONE) else part + gain * band
    )
    if rng.random() < 0.25:
        mixed = sosfilt(butter(4, rng.uniform(3300.0, 7500.0), fs=SAMPLE_RATE, output="sos"), mixed)
    if rng.random() < 0.3:
        tilt = rng.uniform(-0.4, 0.4)
        mixed = np.append(mixed[:1], mixed[1:] - tilt * mixed[:-1])
    return np.asarray(mixed * 10 ** (rng.uniform(-8.0, 10.0) / 20), np.float32)


def _excerpt(music: Sequence[np.ndarray], samples: int, rng: np.random.Generator) -> np.ndarray:
    piece = music[int(rng.integers(len(music)))]
    start = int(rng.integers(0, max(1, piece.size - samples)))
    return np.resize(piece[start : start + samples], samples)


def adapt(
    teacher: torch.nn.Module,
    pupil: torch.nn.Module,
    hearing: Hearing,
    said: Sequence[Phrase],
    music: Sequence[np.ndarray],
    taking: Round,
    rng: np.random.Generator,
) -> torch.nn.Module:
    """What becomes of ``pupil`` in a round of batches of as many voices."""
    said = [phrase for phrase in said if phrase.shift == OWN or semitones(phrase) >= taking.apart]
    if not taking.recorded:
        said = [phrase for phrase in said if not is_recorded(phrase)]
    lessons = taught(teacher, hearing, said)
    songs = round(_BATCH * taking.recorded)
    groups = ((lessons.by_voice(recorded=False), _BATCH - songs), (lessons.by_voice(recorded=True), songs))
    pupil, averaged = deepcopy(pupil), deepcopy(pupil)
    optimiser = torch.optim.AdamW(pupil.parameters(), lr=taking.rate, weight_decay=0.0)
    began = time.process_time()
    for step in range(taking.steps):
        rate = taking.rate * min(1.0, (step + 1) / _WARM_UP) * (1 - step / taking.steps) ** 0.8
        optimiser.param_groups[0]["lr"] = rate
        chosen = np.array(
            [
                rng.choice(of_one)
                for voices, number in groups
                for of_one in (voices[i] for i in rng.choice(len(voices), number, replace=False) if number)
            ]
        )
        parts = [
            hearing.features(spoilt(said[i], music, hearing.samples, taking.played, rng)) for i in chosen
        ]
        placed = lessons.place(hearing.embed(pupil, torch.from_numpy(np.stack(parts))), chosen)
        away = 1 - (placed * lessons.targets[chosen]).sum(1)
        apart = functional.cross_entropy(
            placed @ lessons.means.T / 0.1, torch.from_numpy(lessons.voices[chosen])
        )
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


def asked(description: str | None) -> argparse.Namespace:
    """What the commands that adapt a network are told."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path, help="what `assets` made")
    parser.add_argument("phrases", type=Path, help="keeps the rendered voices for a second run")
    parser.add_argument("--songs", type=Path, help="of rounds with recorded songs: see `recorded`")
    parser.add_argument("--steps", type=int, help="of every round; fewer than usual only to try the command")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def adapted(
    teacher: torch.nn.Module, hearing: Hearing, rounds: Sequence[Round], given: argparse.Namespace
) -> torch.nn.Module:
    """What becomes of a copy of ``teacher`` in all rounds."""
    torch.set_num_threads(1)
    torch.manual_seed(_SEED)
    said, music = phrases(given.folder, given.phrases), bands(given.folder / "debian")
    if any(taking.recorded for taking in rounds):
        said += recorded(given.songs)
    network, rng = teacher, np.random.default_rng(_SEED)
    for taking in rounds:
        steps = given.steps or taking.steps
        network = adapt(teacher, network, hearing, said, music, replace(taking, steps=steps), rng)
    return network
