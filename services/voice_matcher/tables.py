"""Listening to tables of files: the CSV inputs of ``score`` and ``explain``."""

import asyncio
import csv
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from services.voice_matcher.adapters.listening_process import listen_to
from services.voice_matcher.adapters.process_pool import PooledEars
from services.voice_matcher.domain import HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.ears import Failing, Failure, Listening
from services.voice_matcher.listening import Effort
from shared.errors import SettingsError, TrackgateError


def rows(table: Path, name: str, file: str) -> list[tuple[str, Path]]:
    """The two columns; files are relative to the table's folder, and links are followed.

    Raises:
        KeyError: a column is missing.
    """
    with table.open(newline="", encoding="utf-8") as content:
        return [(row[name], (table.parent / row[file]).resolve()) for row in csv.DictReader(content)]


def listen_to_all(
    paths: Sequence[Path], effort: Effort, processes: int, checkpoint: str | None = None
) -> list[Listening]:
    """In the order of ``paths``; a file that is named twice is listened to once.

    Raises:
        SettingsError: there is no such checkpoint.
    """
    return asyncio.run(_listen_to_all(paths, effort, processes, checkpoint))


async def _listen_to_all(
    paths: Sequence[Path], effort: Effort, processes: int, checkpoint: str | None
) -> list[Listening]:
    distinct = list(dict.fromkeys(paths))
    async with PooledEars(processes, partial(listen_to, checkpoint=checkpoint)) as ears:
        room = asyncio.Semaphore(2 * processes)
        heard = await asyncio.gather(*(_listen(ears, path, effort, room) for path in distinct))
    known = dict(zip(distinct, heard, strict=True))
    return [known[path] for path in paths]


async def _listen(ears: PooledEars, path: Path, effort: Effort, room: asyncio.Semaphore) -> Listening:
    """One file that cannot be read does not end a table of thousands.

    ``room`` bounds what is under way: when a process dies, all that waits in its pool is run again alone.
    """
    try:
        async with room:
            return await ears.listen(path, effort, sha256=_digest(path))
    except SettingsError:
        raise
    except (OSError, TrackgateError) as error:
        return Listening(Failure(Failing.UNDECODABLE, f"cannot be read: {type(error).__name__}"), 0.0)


def enrolled(named: Iterable[tuple[str, Path]], heard: Iterable[Listening]) -> dict[str, VoiceTemplate]:
    """Templates by artist, in the order of the table; a recording without a voice is told and left out."""
    voices: dict[str, list[ReferenceVoice]] = defaultdict(list)
    for (artist, path), listening in zip(named, heard, strict=True):
        if not isinstance(listening.heard, HeardVoice):
            told = f"{path}: no usable voice: {listening.heard.detail}"
            print(told, file=sys.stderr)  # noqa: T201 - a command line
            continue
        vectors = {network: listening.heard.mean(network) for network in listening.heard.embeddings}
        voices[artist].append(ReferenceVoice(str(path), _digest(path), listening.heard.seconds, vectors))
    return {artist: VoiceTemplate(artist, artist, tuple(found)) for artist, found in voices.items()}


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
