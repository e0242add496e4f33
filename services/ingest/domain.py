"""What a delivery can come to, and which track it is. Pure."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from shared.events import Declaration, TrackUploaded
from shared.ids import deterministic_id

MAX_KEY_LENGTH = 255


class RefusalKind(StrEnum):
    """Why a delivery is refused. Clients may switch on it, so a kind is never renamed."""

    WRONG_KEY = "wrong-key"
    NOT_ACTIVE = "distributor-not-active"
    MALFORMED_BODY = "malformed-body"
    INVALID_METADATA = "invalid-metadata"
    INVALID_AUDIO = "invalid-audio"
    TOO_LARGE = "too-large"
    QUOTA = "quota-used-up"
    KEY_MALFORMED = "idempotency-key-malformed"
    KEY_IN_USE = "idempotency-key-in-use"
    KEY_REUSED = "idempotency-key-reused"
    BUSY = "decoding-too-slow"


@dataclass(frozen=True)
class Fault:
    """``field`` as the client wrote it, for example ``metadata.contributors[1].ai_use``."""

    field: str
    reason: str


@dataclass(frozen=True)
class Refused:
    """Nothing was announced. ``retry_after`` is in seconds, where trying again can help."""

    kind: RefusalKind
    faults: tuple[Fault, ...] = ()
    retry_after: int | None = None


def track_id_of(distributor_id: str, audio_sha256: str, declaration: Declaration) -> str:
    """The same bytes with the same words from the same distributor are the same track.

    Fields at their default do not count, so that a new optional field leaves old ids as they are.
    """
    words = json.dumps(
        declaration.model_dump(mode="json", exclude_defaults=True), sort_keys=True, ensure_ascii=False
    )
    return deterministic_id("track", distributor_id, audio_sha256, words)


def upload_event_id(track_id: str) -> str:
    return deterministic_id("upload", track_id)


def key_sha256(idempotency_key: str) -> str | Refused:
    """The digest under which an Idempotency-Key is kept; quotes of the structured field are optional."""
    key = idempotency_key.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        return Refused(
            RefusalKind.KEY_MALFORMED,
            (Fault("Idempotency-Key", f"wants 1 to {MAX_KEY_LENGTH} printable ASCII characters"),),
        )
    return hashlib.sha256(key.encode()).hexdigest()


def safe_file_name(name: str | None) -> str | None:
    """The sender's file name without folders and control characters, for people to read; never a path."""
    if name is None:
        return None
    bare = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip()
    return bare[:255] or None


def quota_day(received_at: datetime) -> date:
    """Quotas run by UTC days."""
    return received_at.astimezone(UTC).date()


def seconds_to_next_day(now: datetime) -> int:
    midnight = datetime.combine(quota_day(now) + timedelta(days=1), time(0), UTC)
    return max(1, int((midnight - now).total_seconds()) + 1)


@dataclass(frozen=True)
class Accepted:
    upload: TrackUploaded


@dataclass(frozen=True)
class Repeated:
    """The track was delivered before; nothing was announced again."""

    track_id: str
