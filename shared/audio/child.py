"""The short-lived process in which a file is decoded, forked by its host. Never imported by a service.

Speaks to its parent through two pipes: interleaved samples on standard output, and two lines of JSON on the
report pipe: what isolation holds, then the result. Both ends are bounded by the parent.
"""

import json
import os
from typing import Any

from shared.audio.blocks import CodedBlocks, PcmBlocks
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
        result = decode(FileSource(AUDIO), limits, Excerpt(**job["excerpt"]) if job["excerpt"] else None)
    except Refused as refused:
        result = {"failure": refused.kind.value, "message": refused.message}
    except MemoryError:
        result = {
            "failure": FailureKind.OUT_OF_RESOURCES.value,
            "message": f"decoding needs more than {limits.memory_bytes >> 20} MiB of memory",
        }
    _tell(result)


def decode(source: Source, limits: DecodeLimits, excerpt: Excerpt | None) -> dict[str, Any]:
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
    handover = (
        Handover(excerpt, blocks.sample_rate, blocks.channels, blocks.scale) if excerpt is not None else None
    )
    wanted = None if handover is None else handover.wanted
    if wanted is None:
        tally.promise(promised)
    for block in blocks:
        taken = block if wanted is None else block[: max(0, wanted - tally.frames)]
        if len(taken):
            tally.add(taken, blocks.scale)
            if handover is not None:
                handover.take(taken)
        if wanted is not None and tally.frames >= wanted:
            break
    if tally.frames == 0:
        raise Refused(FailureKind.EMPTY, "the file holds no audio")
    return {
        "container": stream.container,
        "codec": stream.codec,
        "sample_rate": tally.sample_rate,
        "channels": tally.channels,
        "frames": tally.frames,
        "peak": tally.peak,
        "silent": tally.silent,
    } | ({} if handover is None else handover.finish())


def _tell(report: dict[str, Any]) -> None:
    os.write(REPORT, json.dumps(report).encode() + b"\n")
