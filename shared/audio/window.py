"""A stretch of an already opened file, read by position: nothing here opens a path or moves a file offset."""

import io
import os
from typing import Protocol

_BLOCK = 256 * 1024


class Source(Protocol):
    """Random access to bytes; reads past the end come back short."""

    size: int

    def at(self, offset: int, count: int) -> bytes: ...


class BytesSource:
    """Bytes in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def at(self, offset: int, count: int) -> bytes:
        return self._content[offset : offset + count]


class FileSource:
    """An open descriptor, with one block kept so that walking small headers costs few reads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._block = b""
        self._block_at = 0

    def at(self, offset: int, count: int) -> bytes:
        inside = offset - self._block_at
        if inside >= 0 and inside + count <= len(self._block):
            return self._block[inside : inside + count]
        if count >= _BLOCK:
            return self._read(offset, count)
        self._block = self._read(offset, _BLOCK)
        self._block_at = offset
        return self._block[:count]

    def _read(self, offset: int, count: int) -> bytes:
        parts = []
        while count > 0 and (part := os.pread(self._descriptor, count, offset)):
            parts.append(part)
            offset += len(part)
            count -= len(part)
        return b"".join(parts)


class Window(io.RawIOBase):
    """[start, end) of a source as a file of its own, with ``patches`` (position in the source, bytes).

    A decoder that is given a window cannot see a tag in front of the audio, what follows it, or a field
    that was patched out.
    """

    def __init__(
        self, source: Source, start: int, end: int, patches: tuple[tuple[int, bytes], ...] = ()
    ) -> None:
        super().__init__()
        self._source = source
        self._start = start
        self._end = end
        self._patches = patches
        self._patched_until = max((where + len(patch) for where, patch in patches), default=0)
        self._position = 0
        self.exhausted = False
        """Somebody asked for more than there is."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._end - self._start}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type] # the stub of RawIOBase is narrower
        at = self._start + self._position
        wanted = len(view)
        if at + wanted > self._end:
            self.exhausted = True
            wanted = max(0, self._end - at)
        got = self._source.at(at, wanted)
        count = len(got)
        view[:count] = got
        self._position += count
        if at < self._patched_until:
            self._patch(view, at, count)
        return count

    def _patch(self, view: memoryview, at: int, count: int) -> None:
        for where, patch in self._patches:
            for index, value in enumerate(patch):
                if 0 <= where + index - at < count:
                    view[where + index - at] = value
