"""The short-lived process in which a file is decoded. Never imported by a service.

Speaks to its parent through two pipes: interleaved float32 on standard output, and two lines of JSON on the
report pipe: what isolation holds, then the result. Both ends are bounded by the parent.
"""

import json
import os
import resource
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.audio.blocks import Block, CodedBlocks, PcmBlocks
from shared.audio.isolation import isolate
from shared.audio.limits import DecodeLimits, Excerpt
from shared.audio.outcome import FailureKind, Samples
from shared.audio.sniff import sniff
from shared.audio.stream import PcmStream, Refused
from shared.audio.tally import Tally
from shared.audio.transport import NARROW, WIDE
from shared.audio.window import FileSource, Source

_NARROW_BITS = 16


def main(job: dict[str, Any]) -> None:
    """Entry point; ``job`` is made by shared.audio.sandbox."""
    limits = DecodeLimits(**job["limits"])
    held = isolate(memory_bytes=limits.memory_bytes, cpu_seconds=limits.cpu_seconds)
    _tell(job["report"], {"isolation": held})
    try:
        result = decode(
            FileSource(job["audio"]), limits, Excerpt(**job["excerpt"]) if job["excerpt"] else None
        )
    except Refused as refused:
        result = {"failure": refused.kind.value, "message": refused.message}
    except MemoryError:
        result = {
            "failure": FailureKind.OUT_OF_RESOURCES.value,
            "message": f"decoding needs more than {limits.memory_bytes >> 20} MiB of memory",
        }
    used = resource.getrusage(resource.RUSAGE_SELF)
    _tell(job["report"], result | {"cpu_seconds": used.ru_utime + used.ru_stime})


def decode(source: Source, limits: DecodeLimits, excerpt: Excerpt | None) -> dict[str, Any]:
    """Decode all of ``source``; with an excerpt, write its samples to standard output as they come."""
    stream = sniff(source)
    blocks: PcmBlocks | CodedBlocks
    if isinstance(stream, PcmStream):
        blocks, promised = PcmBlocks(source, stream), stream.length * 8 // (stream.channels * stream.bits)
    else:
        blocks = CodedBlocks(source, stream)
        promised = blocks.promised or 0
    tally = Tally(
        limits,
        sample_rate=blocks.sample_rate,
        channels=blocks.channels,
        bits=stream.bits,
        file_bytes=source.size,
    )
    wanted = None
    if excerpt is not None and excerpt.seconds is not None:
        wanted = int(excerpt.seconds * blocks.sample_rate)
    else:
        tally.promise(promised)
    narrow = excerpt is not None and not excerpt.mono and stream.bits <= _NARROW_BITS and blocks.scale != 1.0
    for block in blocks:
        taken = block if wanted is None else block[: max(0, wanted - tally.frames)]
        if len(taken):
            tally.add(taken, blocks.scale)
            if excerpt is not None:
                _write(_as_int16(taken) if narrow else _as_float(taken, blocks.scale, mono=excerpt.mono))
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
        "sample_bytes": NARROW if narrow else WIDE,
    }


def _as_float(block: Block, scale: float, *, mono: bool) -> Samples:
    samples: Samples = block.astype(np.float32, copy=False)
    if scale != 1.0:
        samples = samples * np.float32(scale)
    return np.asarray(samples.mean(axis=1), np.float32) if mono else samples


def _as_int16(block: Block) -> NDArray[np.int16]:
    """Exact: the sixteen upper bits of what is left-aligned in 32."""
    return np.right_shift(block.view(np.int32), 16).astype("<i2")


def _write(samples: NDArray[np.float32] | NDArray[np.int16]) -> None:
    view = np.ascontiguousarray(samples).data.cast("B")
    while view:
        view = view[os.write(1, view) :]


def _tell(pipe: int, report: dict[str, Any]) -> None:
    os.write(pipe, json.dumps(report).encode() + b"\n")
