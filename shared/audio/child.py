"""The short-lived process in which a file is decoded, forked by its host. Never imported by a service.

Speaks to its parent through two pipes: interleaved samples on standard output, and two lines of JSON on the
report pipe: what isolation holds, then the result. Both ends are bounded by the parent.
"""

import base64
import json
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Protocol

from shared.audio.aac import ForeignBlocks, installed
from shared.audio.blocks import Block, CodedBlocks, PcmBlocks
from shared.audio.handover import Handover
from shared.audio.isolation import isolate
from shared.audio.limits import DecodeLimits, Excerpt
from shared.audio.outcome import FailureKind
from shared.audio.sniff import foreign, sniff
from shared.audio.spread import Spread
from shared.audio.stream import ForeignStream, PcmStream, Refused
from shared.audio.tally import Tally
from shared.audio.window import FileSource, Source

Blocks = PcmBlocks | CodedBlocks | ForeignBlocks

AUDIO, REPORT = 3, 4
"""Descriptors of the file and of the report pipe, as the host lays them out."""


def main(job: dict[str, Any]) -> None:
    """Entry point; ``job`` is made by shared.audio.sandbox."""
    limits = DecodeLimits(**job["limits"])
    excerpt = _excerpt(job["excerpt"]) if job["excerpt"] else None
    if excerpt is not None and excerpt.aac:
        installed()  # cannot be loaded any more when the file system is gone
    held = isolate(memory_bytes=limits.memory_bytes, cpu_seconds=limits.cpu_seconds)
    _tell({"isolation": held})
    try:
        result = decode(FileSource(AUDIO), limits, excerpt, fingerprint=job["fingerprint"])
    except Refused as refused:
        result = {"failure": refused.kind.value, "message": refused.message}
    except MemoryError:
        result = {
            "failure": FailureKind.OUT_OF_RESOURCES.value,
            "message": f"decoding needs more than {limits.memory_bytes >> 20} MiB of memory",
        }
    _tell(result)


def decode(
    source: Source, limits: DecodeLimits, excerpt: Excerpt | None, *, fingerprint: bool = False
) -> dict[str, Any]:
    """Decode all of ``source``; with an excerpt, write its samples to standard output as they come."""
    stream = (foreign(source) if excerpt is not None and excerpt.aac else None) or sniff(source)
    blocks: Blocks
    codec = "" if isinstance(stream, ForeignStream) else stream.codec
    if isinstance(stream, PcmStream):
        blocks = PcmBlocks(source, stream)
    elif isinstance(stream, ForeignStream):
        blocks = ForeignBlocks(source, stream)
        codec = blocks.codec
    else:
        blocks = CodedBlocks(source, stream, digest=excerpt is None or not excerpt.inspected)
    tally = Tally(
        limits,
        sample_rate=blocks.sample_rate,
        channels=blocks.channels,
        bits=stream.bits,
        file_bytes=source.size,
    )
    taken, starts = _part(blocks, excerpt)
    if excerpt is None or (excerpt.seconds is None and not starts):
        tally.promise(blocks.promised or 0)
    takers: list[_Taker] = []
    if excerpt is not None:
        takers.append(
            Handover(excerpt, blocks.sample_rate, blocks.channels, blocks.scale, spread=bool(starts))
        )
    if fingerprint:
        takers.append(_Fingerprints(blocks))
    ending = _Ending(taken, forgiven=excerpt is not None and excerpt.cut)
    for block in ending:
        tally.add(block, blocks.scale)
        for taker in takers:
            taker.take(block)
    if tally.frames == 0:
        raise Refused(FailureKind.EMPTY, "the file holds no audio")
    result: dict[str, Any] = {
        "container": stream.container,
        "codec": codec,
        "sample_rate": tally.sample_rate,
        "channels": tally.channels,
        "frames": tally.frames,
        "peak": tally.peak,
        "silent": tally.silent,
        "cut": ending.cut,
        "starts": starts,
    }
    for taker in takers:
        result |= taker.finish()
    return result


class _Ending:
    """Blocks to their end; where being cut is ``forgiven``, a break is an end, and ``cut`` says so."""

    def __init__(self, blocks: Iterable[Block], *, forgiven: bool) -> None:
        self._blocks = blocks
        self._forgiven = forgiven
        self.cut = False

    def __iter__(self) -> Iterator[Block]:
        try:
            yield from self._blocks
        except Refused as refused:
            if not self._forgiven or refused.kind is not FailureKind.TRUNCATED:
                raise
            self.cut = True


def _excerpt(job: dict[str, Any]) -> Excerpt:
    return Excerpt(**job | {"spread": Spread(**job["spread"]) if job["spread"] else None})


def _part(blocks: Blocks, excerpt: Excerpt | None) -> tuple[Iterable[Block], tuple[float, ...]]:
    """What is decoded, and where its stretches begin in seconds: none for a single one from the start.

    Only of what was inspected before is a part taken here and there: its promise is known to be kept.
    """
    rate = blocks.sample_rate
    if excerpt is not None and excerpt.spread is not None and excerpt.inspected and blocks.length:
        starts = excerpt.spread.starts(blocks.length / rate)
        if starts:
            each = int(excerpt.spread.each * rate)
            return chain.from_iterable(blocks.stretch(int(at * rate), each) for at in starts), starts
    if excerpt is not None and excerpt.seconds is not None:
        return _first(int(excerpt.seconds * rate), blocks), ()
    return blocks, ()


def _first(frames: int, blocks: Iterable[Block]) -> Iterator[Block]:
    """The beginning of a recording; what lies beyond is not decoded."""
    left = iter(blocks)
    while frames > 0 and (block := next(left, None)) is not None:
        yield block[:frames]
        frames -= len(block)


class _Taker(Protocol):
    def take(self, block: Block) -> None: ...

    def finish(self) -> dict[str, Any]: ...


class _Fingerprints:
    def __init__(self, blocks: Blocks) -> None:
        from shared.fingerprint.fingerprinter import (  # noqa: PLC0415 - the host has it loaded; most decodes want none
            Fingerprinter,
        )

        self._fingerprinter = Fingerprinter(blocks.sample_rate, blocks.channels)
        self._scale = blocks.scale

    def take(self, block: Block) -> None:
        self._fingerprinter.add(block, self._scale)

    def finish(self) -> dict[str, Any]:
        found = self._fingerprinter.finish()
        return {"fingerprint": base64.b64encode(found.compressed).decode(), "pcm_sha256": found.pcm_sha256}


def _tell(report: dict[str, Any]) -> None:
    os.write(REPORT, json.dumps(report).encode() + b"\n")
