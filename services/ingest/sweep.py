"""Audio that belongs to no track: of deliveries that were refused after their body had come, or cut off.

An object may be shared: the same bytes that were refused with one declaration may be a track with another.
Only what no record on ``tracks.uploaded`` names goes, and only when nobody put it for a good while.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import SystemicError
from shared.objects.sweeping import FolderSweep

LEAST_AGE = timedelta(hours=1)
"""Longer than any delivery takes from its first byte to the broker's acknowledgement."""
_NAMED = re.compile(rb"trackgate://sha256/([0-9a-f]{64})")


@dataclass(frozen=True)
class Swept:
    """``objects`` of ``bytes`` belong to no track; they are gone if that was wanted."""

    tracks: int
    objects: int
    bytes: int
    left_behind: int


def sweep(
    store: FolderSweep,
    uploads: Callable[[], Iterable[bytes | None]],
    *,
    now: datetime,
    age: timedelta,
    remove: bool,
) -> Swept:
    """Find what belongs to no track, and remove it if ``remove``. ``uploads``: the topic, from its beginning.

    Candidates are chosen before the topic is read to its end: an object that is older than any delivery takes
    is on it by then or never will be. Addresses are taken from the bytes of each record, so that no record
    is too old or too broken to protect its audio.

    Raises:
        ValueError: ``age`` is below LEAST_AGE.
        SystemicError: the topic is empty, and the folder then belongs to another broker; or either is away.
    """
    if age < LEAST_AGE:
        raise ValueError(f"no less than {LEAST_AGE}")
    before = now - age
    store.bring_back()
    candidates = {one.sha256: one.bytes for one in store.lying() if one.put_at < before}
    tracks = 0
    for value in uploads():
        tracks += 1
        for named in _NAMED.findall(value or b""):
            candidates.pop(named.decode(), None)
    if candidates and not tracks:
        raise SystemicError("no track was ever delivered here: these objects belong to another broker")
    parts = list(store.left_behind(before=before))
    if not remove:
        return Swept(tracks, len(candidates), sum(candidates.values()), len(parts))
    gone = [size for sha256, size in candidates.items() if store.remove(sha256, put_before=before)]
    for part in parts:
        part.unlink(missing_ok=True)
    return Swept(tracks, len(gone), sum(gone), len(parts))
