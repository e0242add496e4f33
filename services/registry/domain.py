"""The rules of protection and consent. Deny by default; no I/O, no clock of its own."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, datetime
from typing import Any, TypeVar

from services.registry.forms import ANYONE, DistributorForm, GrantForm
from shared.events import (
    ArtistKeyGiven,
    ArtistStatus,
    ConsentGrant,
    DistributorRegistered,
    Event,
    ProtectedArtist,
)
from shared.ids import deterministic_id

GRANT_YEARS = 10
MOST_REFERENCES = 32
SHORTEST_REFERENCE_SECONDS = 3.0
LONGEST_REFERENCE_SECONDS = 1800.0
LOWEST_SAMPLE_RATE = 16_000
"""Hz. The voice embeddings work at 16 kHz: what was recorded at less lacks half of what they measure."""

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Refused:
    """Why a request cannot be granted. ``code`` is stable, ``field`` names what to change."""

    code: str
    reason: str
    field: str | None = None


@dataclass(frozen=True)
class Recording:
    """What decoding a reference recording counted. ``silent``: nothing in it above one step of 16 bits."""

    seconds: float
    sample_rate: int
    silent: bool


def judge(recording: Recording, file_name: str) -> Refused | None:
    """Whether a recording is fit to be somebody's reference; None when it is."""
    if recording.seconds < SHORTEST_REFERENCE_SECONDS:
        reason = f"{file_name} holds {recording.seconds:.1f} s; {SHORTEST_REFERENCE_SECONDS:g} s are needed"
        return Refused("recording-too-short", reason, "references")
    if recording.seconds > LONGEST_REFERENCE_SECONDS:
        reason = (
            f"{file_name} holds {recording.seconds:.0f} s; at most {LONGEST_REFERENCE_SECONDS:g} s are kept"
        )
        return Refused("recording-too-long", reason, "references")
    if recording.sample_rate < LOWEST_SAMPLE_RATE:
        reason = f"{file_name} has {recording.sample_rate} Hz; at least {LOWEST_SAMPLE_RATE} Hz are needed"
        return Refused("sample-rate-too-low", reason, "references")
    if recording.silent:
        return Refused("recording-silent", f"{file_name} is silent", "references")
    return None


def withdraw(artist: ProtectedArtist, *, now: datetime) -> ProtectedArtist:
    """Stop the search. The references stay named until they are removed, so that a crash loses none."""
    changed = artist.model_copy(update={"status": ArtistStatus.WITHDRAWN, "occurred_at": now})
    return next_word(changed, artist)


def forget_references(artist: ProtectedArtist, *, now: datetime) -> ProtectedArtist:
    """What stands of a withdrawn artist once the recordings are gone from the store."""
    return next_word(artist.model_copy(update={"references": (), "occurred_at": now}), artist)


def grant(
    grant_id: str,
    form: GrantForm,
    *,
    current: ConsentGrant | None,
    artists: Mapping[str, ProtectedArtist],
    distributors: Mapping[str, DistributorRegistered],
    now: datetime,
    by: str,
) -> ConsentGrant | Refused:
    """Give consent, or change what was given. What was revoked stays revoked under its id.

    ``by`` is who enters it; the same grant entered again is the first one's.
    """
    valid_from = form.valid_from or (current.valid_from if current is not None else now)
    refusal = (
        _refuse_changing(current, form)
        or _refuse_parties(form, artists, distributors)
        or refuse_period(valid_from, form.valid_until, now)
    )
    if refusal is not None:
        return refusal
    return next_word(
        ConsentGrant(
            event_id="",
            occurred_at=now,
            grant_id=grant_id,
            artist_id=form.artist_id,
            grantee=form.grantee,
            uses=tuple(dict.fromkeys(form.uses)),
            isrcs=form.isrcs,
            territories=form.territories,
            valid_from=valid_from,
            valid_until=form.valid_until,
            label_required=form.label_required,
            document_sha256=form.document_sha256,
            granted_by=form.granted_by,
            recorded_by=by,
        ),
        current,
        apart_from=frozenset({"recorded_by"}),
    )


def revoke(current: ConsentGrant, *, now: datetime) -> ConsentGrant:
    """End consent at once. Revoking again changes nothing: the first moment stands."""
    if current.revoked_at is not None:
        return current
    return next_word(current.model_copy(update={"revoked_at": now, "occurred_at": now}), current)


def register(
    form: DistributorForm, api_key_sha256: str, *, current: DistributorRegistered | None, now: datetime
) -> DistributorRegistered | Refused:
    if current is not None:
        reason = f"{form.id} is registered; `POST /v1/distributors/{form.id}/key` gives it a new key"
        return Refused("already-registered", reason, "distributor_id")
    return next_word(
        DistributorRegistered(
            event_id="",
            occurred_at=now,
            distributor_id=form.id,
            name=form.name,
            api_key_sha256=api_key_sha256,
            tracks_per_day=form.tracks_per_day,
        ),
        None,
    )


def replace_key(
    current: DistributorRegistered, api_key_sha256: str, *, now: datetime
) -> DistributorRegistered:
    """The old key stops working at once."""
    changed = current.model_copy(update={"api_key_sha256": api_key_sha256, "occurred_at": now})
    return next_word(changed, current)


def set_active(current: DistributorRegistered, *, active: bool, now: datetime) -> DistributorRegistered:
    return next_word(current.model_copy(update={"active": active, "occurred_at": now}), current)


def live_at(given: ConsentGrant | ArtistKeyGiven, at: datetime) -> bool:
    revoked = given.revoked_at is not None and given.revoked_at <= at
    return given.valid_from <= at < given.valid_until and not revoked


def _refuse_changing(current: ConsentGrant | None, form: GrantForm) -> Refused | None:
    if current is None:
        return None
    if current.revoked_at is not None:
        return Refused("grant-revoked", "a revoked grant stays revoked: give a new one under another id")
    if current.artist_id != form.artist_id:
        return Refused("grant-of-another", f"this grant is {current.artist_id}'s", "artist_id")
    return None


def _refuse_parties(
    form: GrantForm,
    artists: Mapping[str, ProtectedArtist],
    distributors: Mapping[str, DistributorRegistered],
) -> Refused | None:
    artist = artists.get(form.artist_id)
    if artist is None or artist.status is not ArtistStatus.ACTIVE:
        return Refused("unknown-artist", f"no protected artist {form.artist_id!r}", "artist_id")
    if form.grantee != ANYONE and not may_deliver(form.grantee, distributors):
        return Refused("unknown-distributor", f"no active distributor {form.grantee!r}", "grantee")
    return None


def refuse_period(valid_from: datetime, valid_until: datetime, now: datetime) -> Refused | None:
    if valid_until <= valid_from:
        return Refused("period-empty", "it would end before it begins", "valid_until")
    if valid_until <= now:
        return Refused("period-over", "it would be over already", "valid_until")
    if valid_until > _years_later(valid_from, GRANT_YEARS):
        return Refused("period-too-long", f"consent is given for {GRANT_YEARS} years at most", "valid_until")
    return None


def _years_later(at: datetime, years: int) -> datetime:
    """The same day; the 28th for a 29 February without a counterpart. The calendar's end where it ends."""
    if at.year + years > MAXYEAR:
        return at.replace(year=MAXYEAR, month=12, day=31)
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, day=28)


def may_deliver(distributor_id: str, distributors: Mapping[str, DistributorRegistered]) -> bool:
    distributor = distributors.get(distributor_id)
    return distributor is not None and distributor.active


def next_word(event: E, current: E | None, *, apart_from: frozenset[str] = frozenset()) -> E:
    """``event`` under an id that follows from what it says and what came before; or ``current``, unchanged.

    A repeated request therefore changes nothing, and going back to an earlier state is still news. A change
    of nothing but ``apart_from`` is none.
    """
    if current is not None and _said(event, apart_from) == _said(current, apart_from):
        return current
    digest = hashlib.sha256(json.dumps(_said(event), sort_keys=True).encode()).hexdigest()
    before = current.event_id if current is not None else ""
    event_id = deterministic_id("registry", event.event_type, event.partition_key, before, digest)
    return event.model_copy(update={"event_id": event_id})


def _said(event: Event, apart_from: frozenset[str] = frozenset()) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude={"event_id", "occurred_at", *apart_from})
