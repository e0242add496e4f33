"""What policy touches, as fakes, and the small world that its scenarios play in."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from services.policy.account import account_of
from services.policy.assemble import assemble
from services.policy.domain import EMPTY_VIEW
from services.policy.inputs import AI_DETECTOR, FINGERPRINT, VOICE_MATCHER, PolicyInput
from services.policy.on_record import next_change
from services.policy.patterns import Account
from services.policy.ports import TrackState
from services.policy.registry import Registry
from services.policy.touched import touched_artists, touched_names
from shared.errors import PublishError, TransientError
from shared.events import (
    ArtistMatch,
    ConsentGrant,
    Contributor,
    DecisionMade,
    Declaration,
    FindingRecorded,
    Outcome,
    ProtectedArtist,
    Provenance,
    RecordingCopy,
    ReviewResolved,
    Sameness,
    TimeRange,
    TrackUploaded,
    Verdict,
)
from shared.ids import deterministic_id
from shared.views.tracks import TrackEvent, TrackView, field_of, fold
from tests.support.events import A_TIME, an_upload, track_id

DAY = timedelta(days=1)
REQUIRED = (AI_DETECTOR, VOICE_MATCHER)


def an_artist(artist_id: str = "mara-lind", **changes: Any) -> ProtectedArtist:
    artist = ProtectedArtist(
        event_id=deterministic_id("artist", artist_id),
        occurred_at=A_TIME - 30 * DAY,
        artist_id=artist_id,
        name="Mara Lind",
        aliases=("Lind & the Larks",),
        own_distributors=("lindhaus",),
        biometric_consent="signed form 7",
    )
    return ProtectedArtist.model_validate(artist.model_dump() | changes)


def a_grant(grant_id: str = "g1", **changes: Any) -> ConsentGrant:
    grant = ConsentGrant(
        event_id=deterministic_id("grant", grant_id),
        occurred_at=A_TIME - 20 * DAY,
        grant_id=grant_id,
        artist_id="mara-lind",
        grantee="northwind",
        uses=("cloned_vocal",),
        valid_from=A_TIME - 10 * DAY,
        valid_until=A_TIME + 300 * DAY,
    )
    return ConsentGrant.model_validate(grant.model_dump() | changes)


ARTISTS = (
    an_artist(),
    an_artist("soeren-aas", name="Søren Ås", aliases=(), own_distributors=()),
    an_artist("gone-voice", name="Gone Voice", aliases=(), status="withdrawn"),
)


def a_finding(of: TrackUploaded, detector: str, verdict: str, **changes: Any) -> FindingRecorded:
    finding = FindingRecorded(
        event_id=deterministic_id("finding", of.track_id, detector, verdict),
        occurred_at=A_TIME + timedelta(seconds=5),
        track_id=of.track_id,
        audio_sha256=of.audio.sha256,
        detector=detector,
        model_version="test-1",
        verdict=Verdict(verdict),
    )
    return finding.model_copy(update=changes)


def a_match(artist_id: str, strength: str) -> ArtistMatch:
    return ArtistMatch(
        artist_id=artist_id, verdict=Verdict(strength), score=0.7, probability=0.93, threshold=0.6
    )


def a_copy(**changes: Any) -> RecordingCopy:
    """Ten seconds of another distributor's earlier track."""
    copy = RecordingCopy(
        track_id=track_id(900),
        distributor_id="earlybird",
        delivered_at=A_TIME - DAY,
        sameness=Sameness.SOUND,
        removed=False,
        earlier=True,
        came_first=True,
        same_distributor=False,
        same_claim=False,
        here=TimeRange(start=0.0, end=10.0),
        there=TimeRange(start=0.0, end=10.0),
        seconds=10.0,
        bit_error_rate=0.02,
    )
    return copy.model_copy(update=changes)


def a_review(of: DecisionMade, outcome: str = "publish", **changes: Any) -> ReviewResolved:
    review = ReviewResolved(
        event_id=deterministic_id("review", of.event_id, outcome),
        occurred_at=of.occurred_at + timedelta(minutes=5),
        track_id=of.track_id,
        decision_id=of.event_id,
        outcome=Outcome(outcome),
        reviewer_id="rosa",
        confirmed_by="sam",
    )
    return review.model_copy(update=changes)


def scenario_track(scenario: Mapping[str, Any]) -> tuple[TrackUploaded, tuple[FindingRecorded, ...]]:
    """The delivery and the findings that a scenario describes; a detector that is ``missing`` has none."""
    declared = dict(scenario.get("declared", {}))
    days = declared.pop("release_in_days", None)
    declaration = Declaration(
        title=declared.pop("title", "Song"),
        display_artist=declared.pop("display_artist", "Somebody Else"),
        contributors=tuple(Contributor(**credit) for credit in declared.pop("credits", [])),
        release_date=date.fromisoformat("2026-11-23") + timedelta(days=days) if days is not None else None,
        **declared,
    )
    upload = an_upload(declaration=declaration, distributor_id=scenario.get("distributor", "northwind"))
    matches = tuple(
        a_match(artist_id, strength) for artist_id, strength in scenario.get("matches", {}).items()
    )
    findings = {
        AI_DETECTOR: a_finding(upload, AI_DETECTOR, scenario["ai"], provenance=_manifest(scenario))
        if scenario["ai"] != "missing"
        else None,
        VOICE_MATCHER: a_finding(upload, VOICE_MATCHER, scenario["voice"], matches=matches)
        if scenario["voice"] != "missing"
        else None,
        FINGERPRINT: a_finding(
            upload,
            FINGERPRINT,
            scenario["fingerprint"],
            copies=tuple(a_copy(**written) for written in scenario.get("copies", [])),
        )
        if "fingerprint" in scenario
        else None,
    }
    return upload, tuple(finding for finding in findings.values() if finding is not None)


def _manifest(scenario: Mapping[str, Any]) -> Provenance | None:
    written = scenario.get("manifest")
    return Provenance(**written) if written is not None else None


def scenario_account(scenario: Mapping[str, Any]) -> Account | None:
    """The account's other tracks, each by the artists that its voice finding lists."""
    if "account" not in scenario:
        return None
    views = []
    for number, written in enumerate(scenario["account"], start=500):
        own = an_upload(number)
        upload = own.model_copy(update={"audio": own.audio.model_copy(update={"sha256": f"{number:064x}"})})
        matches = tuple(a_match(artist_id, strength) for artist_id, strength in written.items())
        verdict = "possible" if matches else "no_match"
        views.append(TrackView(upload, (a_finding(upload, VOICE_MATCHER, verdict, matches=matches),), (), ()))
    return Account(30, views)


def scenario_registry(scenario: Mapping[str, Any]) -> Registry:
    grants = []
    for number, written in enumerate(scenario.get("grants", [])):
        changes = dict(written)
        for day, name in (
            ("valid_from_day", "valid_from"),
            ("valid_until_day", "valid_until"),
            ("revoked_day", "revoked_at"),
        ):
            if day in changes:
                changes[name] = A_TIME + changes.pop(day) * DAY
        grants.append(a_grant(changes.pop("grant_id", f"g{number}"), **changes))
    return Registry(ARTISTS, grants)


def scenario_input(scenario: Mapping[str, Any]) -> PolicyInput:
    upload, findings = scenario_track(scenario)
    view = TrackView(upload=upload, findings=findings, decisions=(), reviews=())
    return assemble(
        upload,
        view,
        scenario_registry(scenario),
        required=REQUIRED,
        at=A_TIME,
        account=scenario_account(scenario),
    )


class Crash(BaseException):
    """The process is gone: nothing after this runs, nothing is cleaned up but locks that run out."""


@dataclass
class Crashes:
    """Ends the process before the n-th step from now, once."""

    before_step: int | None = None
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.before_step is not None and self.steps >= self.before_step:
            self.before_step = None
            raise Crash


@dataclass
class MemoryTracks:
    """Views as fields, folded as in Redis."""

    crashes: Crashes = field(default_factory=Crashes)
    fields: defaultdict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    intents: dict[str, bytes] = field(default_factory=dict)
    deadlines: dict[str, datetime] = field(default_factory=dict)
    touched: set[tuple[tuple[str, str], str]] = field(default_factory=set)

    async def touching(self, artist_ids: Iterable[str], names: Iterable[str]) -> list[str]:
        wanted = {*(("artist", one) for one in artist_ids), *(("name", one) for one in names)}
        return sorted({track_id for what, track_id in self.touched if what in wanted})

    async def of_account(self, account: str, since: datetime) -> list[TrackView]:
        views = [fold(fields) for fields in self.fields.values() if "upload" in fields]
        found = [
            (view.upload.received_at, view)
            for view in views
            if view.upload is not None
            and account_of(view.upload) == account
            and view.upload.received_at >= since
        ]
        return [view for _, view in sorted(found, key=lambda pair: pair[0], reverse=True)][:100]

    async def load(self, track_id: str) -> TrackState:
        found = self.fields.get(track_id)
        intent = self.intents.get(track_id)
        return TrackState(
            view=fold(found) if found else EMPTY_VIEW,
            intent=DecisionMade.from_bytes(intent) if intent else None,
        )

    async def record(self, event: TrackEvent) -> None:
        self.crashes.step()
        self.fields[event.track_id][field_of(event)] = event.to_bytes()
        self.touched.update((("artist", one), event.track_id) for one in touched_artists(event))
        self.touched.update((("name", one), event.track_id) for one in touched_names(event))
        if isinstance(event, DecisionMade):
            self.intents.pop(event.track_id, None)
            self.deadlines.pop(event.track_id, None)
            again = next_change(event)
            if again is not None:
                self.deadlines[event.track_id] = again

    async def intend(self, decision: DecisionMade) -> None:
        self.crashes.step()
        self.intents[decision.track_id] = decision.to_bytes()

    async def forget_intent(self, track_id: str) -> None:
        self.intents.pop(track_id, None)

    def view(self, track_id: str) -> TrackView:
        return fold(self.fields[track_id])


@dataclass
class MemoryDeadlines:
    tracks: MemoryTracks

    async def set(self, track_id: str, due: datetime) -> None:
        self.tracks.crashes.step()
        self.tracks.deadlines[track_id] = due

    async def clear(self, track_id: str) -> None:
        self.tracks.deadlines.pop(track_id, None)

    async def due(self, now: datetime, limit: int) -> list[str]:
        due = sorted((at, track_id) for track_id, at in self.tracks.deadlines.items() if at <= now)
        return [track_id for _, track_id in due[:limit]]

    async def next(self) -> datetime | None:
        return min(self.tracks.deadlines.values(), default=None)


@dataclass
class MemoryLocks:
    """Never waits: in a test of one loop, a held lock is a mistake of the code under test."""

    held: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def holding(self, track_id: str) -> AsyncIterator[None]:
        if track_id in self.held:
            raise TransientError(f"{track_id} is held")
        self.held.add(track_id)
        try:
            yield
        finally:
            self.held.discard(track_id)


@dataclass
class MemoryDecisionLog:
    """Every record that was acknowledged, repeats included. ``broken`` acknowledges nothing."""

    crashes: Crashes
    appended: list[DecisionMade] = field(default_factory=list)
    broken: bool = False

    async def append(self, decision: DecisionMade) -> None:
        if self.broken:
            raise PublishError("the broker is gone")
        self.crashes.step()
        self.appended.append(decision)

    def distinct(self, track_id: str) -> list[DecisionMade]:
        """The track's decisions, by first appearance of their id."""
        by_id = {d.event_id: d for d in reversed(self.appended) if d.track_id == track_id}
        return sorted(by_id.values(), key=lambda decision: decision.sequence)
