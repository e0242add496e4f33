"""Voices listened to as the service does, every way they are delivered, and what the scores are worth."""

import json
import pickle
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from services.voice_matcher.batch import batch_scores, enough
from services.voice_matcher.domain import HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.embedding import CHECKPOINT, DIMENSIONS, CamPlusPlus, WaveNetwork
from services.voice_matcher.fbank import SAMPLE_RATE, Floats, log_mel
from services.voice_matcher.index import VoiceIndex, Yardstick
from services.voice_matcher.listening import Effort, Listener
from services.voice_matcher.models import load_listener, load_yardstick, model_version
from services.voice_matcher.score_command import BATCH
from services.voice_matcher.training.casting import Cast, Recording
from services.voice_matcher.training.delivery import ALONE, LEVELS, TREATED, Delivery, delivered
from services.voice_matcher.training.trials import Trials, correlation, open_set, rates

ALARMS, A_DAY = 10, 1000
PLAIN = {CHECKPOINT: "campplus as published"}
_NOTHING = np.zeros(0, np.float32)


@dataclass(frozen=True)
class Artist:
    person: str
    template: VoiceTemplate


@dataclass(frozen=True)
class Query:
    """``recording`` without its audio."""

    recording: Recording
    delivery: str
    heard: HeardVoice


@dataclass
class Heard:
    """Everybody's references, spoken and sung, and all queries."""

    spoken: list[Artist]
    sung: list[Artist]
    queries: list[Query]
    unheard: int = 0


class Published:
    """CAM++ before it was adapted: the stock embedding beside what ships."""

    def __init__(self, graph: bytes) -> None:
        self._campplus = CamPlusPlus(graph)

    def embed(self, windows: Floats) -> Floats:
        return self._campplus.embed(np.stack([log_mel(window) for window in windows]))


def listen(
    casts: Iterable[Cast],
    bands: Sequence[np.ndarray],
    *,
    seed: int,
    treated: bool,
    stock: WaveNetwork | None = None,
) -> Heard:
    """Embed every voice in every delivery. ``bands`` are stereo pieces of music, (frames, 2)."""
    listener, rng, told = load_listener(stock), np.random.default_rng(seed), Heard([], [], [])
    for cast in casts:
        for reference, kept in ((cast.spoken, told.spoken), (cast.sung, told.sung)):
            heard = _hear(listener, reference.audio[:, None], BATCH)
            if heard is None:
                told.unheard += 1
                continue
            vectors = {network: heard.mean(network) for network in heard.embeddings}
            voice = ReferenceVoice(reference.voice, "-", heard.seconds, vectors)
            kept.append(Artist(reference.person, VoiceTemplate(reference.voice, reference.voice, (voice,))))
        for recording in cast.queries:
            for how in (*LEVELS, *(TREATED if treated and recording.singing else ())):
                told.unheard += not _ask(told, listener, recording, how, bands, rng)
        print(f"{cast.spoken.voice}: {time.process_time():.0f} CPU s", flush=True)
    return told


def _ask(
    told: Heard,
    listener: Listener,
    recording: Recording,
    how: Delivery,
    bands: Sequence[np.ndarray],
    rng: np.random.Generator,
) -> bool:
    band = bands[int(rng.integers(len(bands)))]
    heard = _hear(listener, delivered(recording.audio, band, how, rng), BATCH)
    if heard is not None:
        told.queries.append(Query(replace(recording, audio=_NOTHING), how.name, heard))
    return heard is not None


def _hear(listener: Listener, samples: np.ndarray, effort: Effort) -> HeardVoice | None:
    heard = listener.listen(samples, SAMPLE_RATE, effort)
    return heard if isinstance(heard, HeardVoice) else None


Scorer = Callable[[Sequence[Artist], Sequence[Query]], np.ndarray]


def background_scores(
    yardstick: Yardstick, artists: Sequence[Artist], queries: Sequence[Query]
) -> np.ndarray:
    """As in the service, (queries, artists)."""
    index = VoiceIndex(yardstick, {a.template.artist_id: a.template for a in artists})
    names = [a.template.artist_id for a in artists]
    found = [{s.artist_id: s.score for s in index.search(q.heard)} for q in queries]
    return np.array([[row[name] for name in names] for row in found])


def scorers(yardstick: Yardstick, networks: Iterable[str] = DIMENSIONS) -> dict[str, Scorer]:
    """The ways of scoring that are compared, by name; each gives (queries, artists).

    ``networks`` are compared by their plain cosines.
    """

    def adapted(artists: Sequence[Artist], queries: Sequence[Query]) -> np.ndarray:
        if not enough(len(artists), len(queries)):
            return background_scores(yardstick, artists, queries)
        return batch_scores(yardstick, [a.template for a in artists], [q.heard for q in queries])

    def cosine(network: str) -> Scorer:
        def plain(artists: Sequence[Artist], queries: Sequence[Query]) -> np.ndarray:
            enrolled = np.stack([a.template.references[0].vectors[network] for a in artists])
            return np.stack([q.heard.mean(network) for q in queries]) @ enrolled.T

        return plain

    plain = {f"plain cosine, {PLAIN.get(network, network)}": cosine(network) for network in networks}
    return {
        "adapted to the batch": adapted,
        "shipped background": partial(background_scores, yardstick),
    } | plain


def examine(heard: Heard) -> dict[str, object]:
    """Every group of queries, against spoken and sung references, by every way of scoring."""
    told: dict[str, object] = {}
    compared = scorers(load_yardstick(), heard.queries[0].heard.embeddings if heard.queries else ())
    for manner, artists in (("singing reference", heard.sung), ("speech reference", heard.spoken)):
        for group, queries in _groups(heard.queries):
            trials = marked(artists, queries)
            if not trials.own.any() or not trials.other.any():
                continue
            told[f"{group}, {manner}"] = {
                name: rates(scored) | {"open_set": open_set(scored, alarms=ALARMS, a_day=A_DAY)}
                for name, score in compared.items()
                for scored in (replace(trials, scores=score(artists, queries)),)
            }
    return told


def alike(heard: Heard) -> dict[str, float]:
    """How alike one singer's recordings err in the service, by the artists' references."""
    sung = [query for query in heard.queries if query.recording.singing]
    voices, yardstick = np.array([query.recording.voice for query in sung]), load_yardstick()
    return {
        name: correlation(
            replace(marked(artists, sung), scores=background_scores(yardstick, artists, sung)), voices
        )
        for name, artists in (("singing reference", heard.sung), ("speech reference", heard.spoken))
    }


def marked(artists: Sequence[Artist], queries: Sequence[Query]) -> Trials:
    """Which pairs are of one voice, which surely of different persons; scores are still zero."""
    voices = np.array([a.template.artist_id for a in artists])
    persons = np.array([a.person for a in artists])
    own = np.array([q.recording.voice for q in queries])[:, None] == voices
    other = np.array([q.recording.person for q in queries])[:, None] != persons
    return Trials(np.zeros(own.shape), own, other)


def _groups(queries: Sequence[Query]) -> Iterable[tuple[str, list[Query]]]:
    """By manner and delivery, then by system, then by language."""
    for how in (*LEVELS, *TREATED):
        for singing, manner in ((True, "singing"), (False, "speech")):
            for cloned, source in ((True, "cloned"), (False, "genuine")):
                kind = (singing, cloned)
                chosen = [
                    q
                    for q in queries
                    if q.delivery == how.name and (q.recording.singing, q.recording.cloned) == kind
                ]
                yield f"{manner}, {source}, {how.name}", chosen
    for how in LEVELS:
        for system in sorted({q.recording.system for q in queries}):
            chosen = [q for q in queries if q.recording.system == system and q.delivery == how.name]
            yield f"system {system}, {how.name}", chosen
    for language in sorted({q.recording.language for q in queries}):
        chosen = [q for q in queries if q.recording.language == language and q.delivery == ALONE.name]
        yield f"language {language}, clean", chosen


def keep(heard: Heard, out: Path) -> None:
    with out.open("wb") as file:
        pickle.dump(heard, file)


def kept(path: Path) -> Heard:
    with path.open("rb") as file:
        heard: Heard = pickle.load(file)  # noqa: S301 - our own file
    return heard


def write(heard: Heard, out: Path, *, seed: int, began: float, about: str) -> None:
    told = {
        "about": about,
        "model_version": model_version(),
        "machine": {"platform": platform.platform(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("numpy", "onnxruntime", "pyworld", "soxr")},
        "seed": seed,
        "cpu_seconds": round(time.process_time() - began, 1),
        "artists": {"spoken": len(heard.spoken), "sung": len(heard.sung)},
        "queries": len(heard.queries),
        "recordings_without_a_measurable_voice": heard.unheard,
        "queries_taken_for_voiceless": sum(not q.heard.voiced for q in heard.queries),
        "correlation_of_a_singers_recordings_with_other_artists": alike(heard),
        "results": examine(heard),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=1) + "\n")
