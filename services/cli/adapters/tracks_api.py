"""The upload API over HTTP: delivering with progress, reading, watching."""

import asyncio
import json
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

import httpx

from services.cli.adapters import http
from services.cli.adapters.sse import server_events
from services.cli.metadata import Metadata
from services.cli.problems import Refusal, body_of, raise_for_problem, silence
from services.cli.tracks import Track
from shared.errors import TransientError

Sleep = Callable[[float], Awaitable[None]]
TRIES = 4
LONGEST_WAIT = 30.0
QUIET_SECONDS = 60.0
"""The API sends a comment every 15 seconds; silence for longer means that the connection is dead."""
_AGAIN = {429, 502, 503, 504}


class TracksApi:
    """``client`` has the API's base URL and the key. Transport faults are raised as httpx raises them."""

    def __init__(self, client: httpx.AsyncClient, *, sleep: Sleep = asyncio.sleep) -> None:
        self._client = client
        self._sleep = sleep

    async def deliver(self, path: Path, metadata: Metadata, on_bytes: Callable[[int], None]) -> str:
        """Hand in a file; returns the track id. ``on_bytes`` is told how much has been sent so far.

        An answer that asks to try again later is followed, a few times: the same file with the same words is
        the same track, so nothing is delivered twice.

        Raises:
            Refusal: the API refuses it.
        """
        for attempt in range(TRIES):
            with path.open("rb") as file:
                answer = await self._client.post(
                    "/v1/tracks",
                    data={"metadata": json.dumps(metadata, ensure_ascii=False)},
                    files={"audio": (path.name, cast("IO[bytes]", _Counted(file, on_bytes)), _kind(path))},
                )
            if answer.status_code not in _AGAIN or attempt == TRIES - 1:
                break
            wait = _retry_after(answer)
            if wait > LONGEST_WAIT:
                break
            await self._sleep(wait)
        return str(body_of(answer)["track_id"])

    async def track(self, track_id: str) -> Track:
        answer = await self._client.get(f"/v1/tracks/{track_id}")
        raise_for_problem(answer)
        return Track.parse(answer.content)

    async def watch(self, track_id: str) -> AsyncIterator[Track]:
        """The track now and after every change, until it is final or the caller stops.

        A lost connection is taken up again; the first thing that a new one tells is the track as it stands.

        Raises:
            Refusal: the API refuses to tell.
            TransientError: it did not answer several times in a row.
        """
        failures = 0
        while True:
            try:
                async for track in self._stream(track_id):
                    failures = 0
                    yield track
                    if track.final:
                        return
                failures += 1
            except httpx.TransportError as error:
                failures += 1
                if failures >= TRIES:
                    raise TransientError(silence(error)) from error
            except Refusal as refusal:
                failures += 1
                if refusal.status not in _AGAIN or failures >= TRIES:
                    raise
            await self._sleep(min(LONGEST_WAIT, 0.5 * 2**failures))

    async def _stream(self, track_id: str) -> AsyncIterator[Track]:
        quiet = httpx.Timeout(10.0, read=QUIET_SECONDS)
        async with self._client.stream("GET", f"/v1/tracks/{track_id}/events", timeout=quiet) as answer:
            if not answer.is_success:
                await answer.aread()
                raise_for_problem(answer)
            async for event in server_events(answer.aiter_lines()):
                if event.event == "track":
                    yield Track.parse(event.data)


@asynccontextmanager
async def tracks_api(base_url: str, api_key: str) -> AsyncIterator[TracksApi]:
    headers = {"Authorization": f"Bearer {api_key}"}
    async with http.async_client(base_url, headers) as client:
        yield TracksApi(client)


class _Counted:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, on_bytes: Callable[[int], None]) -> None:
        self._file = file
        self._on_bytes = on_bytes

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._on_bytes(self._file.tell())
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()


def _kind(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdigit() else 1.0
