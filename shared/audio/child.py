"""The short-lived process in which a file is decoded, forked by its host. Never imported by a service.

Speaks to its parent through two pipes: interleaved samples on standard output, and two lines of JSON on the
report pipe: what isolation holds, then the result. Both ends are bounded by the parent.
"""

import base64
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from shared.audio.blocks import Block, CodedBlocks, PcmBlocks
from shared.audio.handover import Handover
from shared.audio.isolation import isolate
from shared.audio.limits import DecodeLimits, Excerpt
from shared.audio.outcome import FailureKind
from shared.audio.sniff import sniff
from shared.audio.stream import PcmStream, Refused
from shared.audio.tally import Tally
from shared.audio.window import FileSource, Source

AUDIO, REPORT = 3, 4
"""Descriptors of the file and of the report pipe, as the host lays them out."""


def main(job: dict[str, Any]) -> None:
    """Entry point; ``job`` is made by shared.audio.sandbox."""
    limits = DecodeLimits(**job["limits"])
    held = isolate(memory_bytes=limits.memory_bytes, cpu_seconds=limits.cpu_seconds)
    _tell({"isolation": held})
    try:
        excerpt = Excerpt(**job["excerpt"]) if job["excerpt"] else None
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
    stream = sniff(source)
    blocks: PcmBlocks | CodedBlocks
    if isinstance(stream, PcmStream):
        blocks, promised = PcmBlocks(source, stream), stream.length * 8 // (stream.channels * stream.bits)
    else:
        blocks = CodedBlocks(source, stream, digest=excerpt is None or not excerpt.inspected)
        promised = blocks.promised or 0
    tally = Tally(
        limits,
        sample_rate=blocks.sample_rate,
        channels=blocks.channels,
        bits=stream.bits,
        file_bytes=source.size,
    )
    takers: list[_Taker] = []
    if excerpt is not None:
        takers.append(Handover(excerpt, blocks.sample_rate, blocks.channels, blocks.scale))
    if fingerprint:
        takers.append(_Fingerprints(blocks))
    if excerpt is None or excerpt.seconds is None:
        tally.promise(promised)
        taken: Iterable[Block] = blocks
    else:
        taken = _first(int(excerpt.seconds * blocks.sample_rate), blocks)
    ending = _Ending(taken, forgiven=excerpt is not None and excerpt.cut)
    for block in ending:
        tally.add(block, blocks.scale)
        for taker in takers:
            taker.take(block)
    if tally.frames == 0:
        raise Refused(FailureKind.EMPTY, "the file holds no audio")
    result: dict[str, Any] = {
        "container": stream.container,
        "codec": stream.codec,
        "sample_rate": tally.sample_rate,
        "channels": tally.channels,
        "frames": tally.frames,
        "peak": tally.peak,
        "silent": tally.silent,
        "cut": ending.cut,
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
    def __init__(self, blocks: PcmBlocks | CodedBlocks) -> None:
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
