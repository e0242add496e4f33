"""A multipart/form-data body (RFC 7578), part by part, with memory for one network chunk.

python-multipart pushes; here its callbacks fill a queue from which parts are pulled, so that the object
store sets the pace and a slow disk slows the sender instead of filling memory.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header


class BodyMalformed(Exception):
    """The body is not the form that its Content-Type announces. The message is for the client."""


@dataclass(frozen=True)
class _Begin:
    headers: dict[bytes, bytes]


@dataclass(frozen=True)
class _Data:
    content: bytes


@dataclass(frozen=True)
class _End:
    pass


@dataclass(frozen=True)
class Part:
    """``chunks`` can be read once, and only until the next part is asked for."""

    name: str
    file_name: str | None
    chunks: AsyncIterator[bytes]


class MultipartBody:
    """Iterate once: ``async for part in MultipartBody(content_type, stream)``.

    Raises:
        BodyMalformed: when made, for a Content-Type without boundary; while iterating, for anything that
            is no form, or ends before its closing boundary.
    """

    def __init__(self, content_type: str | None, stream: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise BodyMalformed("wants Content-Type multipart/form-data with a boundary")
        self._stream = stream
        self._events: deque[_Begin | _Data | _End] = deque()
        self._headers: dict[bytes, bytes] = {}
        self._field = b""
        self._value = b""
        self._complete = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_part_data": self._on_data,
                    "on_part_end": lambda: self._events.append(_End()),
                    "on_header_field": self._on_field,
                    "on_header_value": self._on_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": lambda: self._events.append(_Begin(dict(self._headers))),
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise BodyMalformed("the boundary in Content-Type is too long") from error

    async def __aiter__(self) -> AsyncIterator[Part]:
        while (event := await self._next()) is not None:
            if not isinstance(event, _Begin):
                continue
            chunks = self._chunks()
            yield _part(event.headers, chunks)
            async for _ in chunks:
                pass

    async def _chunks(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._next(), _Data):
            yield event.content

    async def _next(self) -> _Begin | _Data | _End | None:
        while not self._events:
            if self._complete:
                return None
            chunk = await anext(self._stream, None)
            if chunk is None:
                raise BodyMalformed("the body ends before its closing boundary")
            if chunk:
                self._feed(chunk)
        return self._events.popleft()

    def _feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BodyMalformed(f"the body is no valid multipart form: {error}") from error

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(_Data(data[start:end]))

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_end(self) -> None:
        self._complete = True


def _part(headers: dict[bytes, bytes], chunks: AsyncIterator[bytes]) -> Part:
    disposition, options = parse_options_header(headers.get(b"content-disposition"))
    if disposition != b"form-data" or b"name" not in options:
        raise BodyMalformed("a part has no name")
    file_name = options.get(b"filename")
    return Part(
        name=options[b"name"].decode(errors="replace"),
        file_name=None if file_name is None else file_name.decode(errors="replace"),
        chunks=chunks,
    )
