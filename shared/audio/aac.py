"""AAC and ALAC in MP4, and bare AAC, by FFmpeg: for looking at files by hand, where PyAV is installed."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from shared.audio.outcome import FailureKind
from shared.audio.stream import ForeignStream, Refused
from shared.audio.window import Source, Window

_CODECS = ("aac", "alac")
_LOADED_LATE = (
    "av.audio.resampler",
    "av.audio.stream",
    "av.container.input",
    "av.filter.graph",
    "av.subtitles.stream",
    "av.video.stream",
)
"""PyAV imports these while it decodes, when there are no files any more."""
_FORMATS = {"mp4": "mov,mp4,m4a,3gp,3g2,mj2", "adts": "aac"}


@cache
def installed() -> ModuleType | None:
    """PyAV, or None where it is not installed; looked for once, while there are files to look into."""
    try:
        av = import_module("av")  # not above: no process that decodes uploads carries FFmpeg
        for part in _LOADED_LATE:
            import_module(part)
    except ImportError:
        return None
    return av


class ForeignBlocks:
    """Yields float32 (frames, channels) with full scale 1, one packet's worth each.

    Raises:
        Refused: FFmpeg finds no audio, another codec than AAC or ALAC, or fails.
    """

    scale = 1.0
    promised = None
    length = None

    def __init__(self, source: Source, stream: ForeignStream) -> None:
        av = installed()
        if av is None:
            raise Refused(
                FailureKind.UNSUPPORTED,
                "AAC and MP4 are read only where PyAV is installed: pip install 'trackgate[aac]'",
            )
        self._av = av
        try:
            self._container = av.open(Window(source, 0, source.size), format=_FORMATS[stream.container])
            audio = next(iter(self._container.streams.audio), None)
        except (av.FFmpegError, ValueError) as error:
            raise self._broken(0.0) from error
        if audio is None or audio.codec_context.name not in _CODECS:
            raise Refused(FailureKind.UNSUPPORTED, "of MP4 only AAC and ALAC are taken")
        audio.codec_context.thread_count = 1  # the sandbox forbids another thread
        self._audio = audio
        self.codec: str = audio.codec_context.name
        self.sample_rate: int = audio.codec_context.sample_rate
        self.channels: int = audio.codec_context.channels

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        wanted = self._av.AudioResampler(format="fltp")
        decoded = 0
        try:
            for frame in self._container.decode(self._audio):
                if (frame.sample_rate, frame.layout.nb_channels) != (self.sample_rate, self.channels):
                    raise Refused(
                        FailureKind.MALFORMED, "the file changes its sampling rate or channels on the way"
                    )
                for part in wanted.resample(frame):
                    block = np.ascontiguousarray(part.to_ndarray().T, dtype=np.float32)
                    decoded += len(block)
                    if len(block):
                        yield block
        except (self._av.FFmpegError, ValueError) as error:
            raise self._broken(decoded / self.sample_rate) from error

    def _broken(self, seconds: float) -> Refused:
        return Refused(
            FailureKind.MALFORMED,
            f"decoding the AAC or MP4 file broke off after {seconds:.1f} s: it is cut or damaged",
        )
