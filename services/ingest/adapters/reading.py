"""Reading an upload's body: the declaration checked, the audio hashed into the object store on the way."""

from collections.abc import AsyncIterator
from typing import Protocol

from services.ingest.adapters.multipart import BodyMalformed, MultipartBody, Part
from services.ingest.declaring import MAX_METADATA_BYTES, read_metadata
from services.ingest.domain import Fault, RefusalKind, Refused, safe_file_name
from services.ingest.handlers import Delivery
from shared.errors import ObjectTooLarge
from shared.events import Declaration
from shared.objects.store import StoredObject


class Store(Protocol):
    async def put(self, chunks: AsyncIterator[bytes], *, limit_bytes: int) -> StoredObject: ...


class UploadReader:
    """Needs memory for half a megabyte and the metadata, whatever the size of the audio."""

    def __init__(self, store: Store, *, max_bytes: int) -> None:
        self._store = store
        self._max_bytes = max_bytes

    async def read(
        self, content_type: str | None, declared_length: int | None, stream: AsyncIterator[bytes]
    ) -> Delivery | Refused:
        """Parts may come in any order; wrong metadata in front of the audio saves the audio's way.

        Raises:
            StoreUnavailable: the store could not be written.
        """
        if declared_length is not None and declared_length > self._max_bytes + MAX_METADATA_BYTES + 65_536:
            return self._too_large()
        try:
            return await self._parts(MultipartBody(content_type, stream))
        except BodyMalformed as error:
            return Refused(RefusalKind.MALFORMED_BODY, (Fault("body", str(error)),))
        except ObjectTooLarge:
            return self._too_large()

    async def _parts(self, body: MultipartBody) -> Delivery | Refused:
        declaration: Declaration | None = None
        audio: StoredObject | None = None
        file_name: str | None = None
        async for part in body:
            if part.name == "metadata" and declaration is None:
                read = await _metadata(part)
                if isinstance(read, Refused):
                    return read
                declaration = read
            elif part.name == "audio" and audio is None:
                file_name = safe_file_name(part.file_name)
                audio = await self._store.put(part.chunks, limit_bytes=self._max_bytes)
            else:
                twice = part.name in {"metadata", "audio"}
                reason = "is there twice" if twice else "is no part of a delivery (metadata, audio)"
                return Refused(RefusalKind.MALFORMED_BODY, (Fault(part.name[:100], reason),))
        missing = tuple(
            Fault(name, "this part is missing")
            for name, part in (("metadata", declaration), ("audio", audio))
            if part is None
        )
        if declaration is None or audio is None:
            return Refused(RefusalKind.MALFORMED_BODY, missing)
        if audio.bytes == 0:
            return Refused(RefusalKind.INVALID_AUDIO, (Fault("audio", "the file is empty"),))
        return Delivery(declaration, audio, file_name)

    def _too_large(self) -> Refused:
        return Refused(RefusalKind.TOO_LARGE, (Fault("audio", f"more than {self._max_bytes} bytes"),))


async def _metadata(part: Part) -> Declaration | Refused:
    content = bytearray()
    async for chunk in part.chunks:
        content += chunk
        if len(content) > MAX_METADATA_BYTES:
            return Refused(
                RefusalKind.INVALID_METADATA, (Fault("metadata", f"more than {MAX_METADATA_BYTES} bytes"),)
            )
    return read_metadata(bytes(content))
