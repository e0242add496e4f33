"""Events in, decisions out.

A decision is published here, under the track's lock, rather than handed to the runner: the next event of the
track may be in another worker's hands, and must see the decision before it decides. The steps and what a
crash between them leaves:

1. the intent is stored           → nothing happened; the event comes again
2. the decision is acknowledged   → the event comes again, finds the intent, publishes the same bytes
3. the view and the deadline are written, the intent is dropped, in one transaction
4. the event is committed         → (crash before) the event comes again and changes nothing

Reading the decisions topic as well makes the view follow the log even where a lease ran out on the way.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog

from services.policy import metrics
from services.policy.company import Company, concerned
from services.policy.domain import Decide, Judge, Stands, Step, Unknown, Wait
from services.policy.inputs import PolicyInput
from services.policy.on_record import review_applied
from services.policy.ports import Deadlines, DecisionLog, TrackLocks, Tracks, TrackState
from services.policy.registry import Registry
from shared.clock import Clock
from shared.events import (
    ArtistKeyGiven,
    ConsentGrant,
    DecisionMade,
    FindingRecorded,
    LabelStated,
    ProtectedArtist,
    ReviewResolved,
    TrackUploaded,
)
from shared.ids import deterministic_id
from shared.stream.outcome import Done, Outcome, Reject, Retry
from shared.views.tracks import TrackView

log = structlog.get_logger()


Watch = Callable[[DecisionMade, PolicyInput], None]


def _unwatched(_decision: DecisionMade, _given: PolicyInput) -> None:
    return


class PolicyHandlers:
    """One method for each topic that policy reads, and one for the sweep of deadlines."""

    def __init__(
        self,
        *,
        judge: Judge,
        tracks: Tracks,
        locks: TrackLocks,
        deadlines: Deadlines,
        decisions: DecisionLog,
        clock: Clock,
        deadline: timedelta,
        registry: Registry | None = None,
        watch: Watch = _unwatched,
        account_days: int = 30,
    ) -> None:
        """``watch`` sees every decision after it was made; what happens there changes nothing.

        ``account_days``: how long the tracks of an account are weighed together; 0 for not at all.
        """
        self._judge = judge
        self._tracks = tracks
        self._locks = locks
        self._deadlines = deadlines
        self._decisions = decisions
        self._clock = clock
        self._deadline = deadline
        self._registry = registry or Registry()
        self._watch = watch
        self._company = Company(tracks, clock, days=account_days)

    async def on_uploaded(self, event: TrackUploaded) -> Outcome:
        async with self._locks.holding(event.track_id):
            state = await self._settled(event.track_id)
            await self._tracks.record(event)
            if state.view.decision is None:
                await self._deadlines.set(event.track_id, event.received_at + self._deadline)
            await self._consider(event.track_id, cause=event.event_id)
        await self._look_beside(event.track_id, cause=event.event_id)
        return Done()

    async def on_finding(self, event: FindingRecorded) -> Outcome:
        async with self._locks.holding(event.track_id):
            state = await self._settled(event.track_id)
            upload = state.view.upload
            if upload is not None and upload.audio.sha256 != event.audio_sha256:
                return Reject("the finding is about other audio than was delivered", kind="other_audio")
            known = state.view.finding(event.detector)
            if known is not None and known.occurred_at > event.occurred_at:
                log.info("an older finding came late", track=event.track_id, detector=event.detector)
                return Done()
            await self._tracks.record(event)
            await self._consider(event.track_id, cause=event.event_id)
        if event.matches:
            await self._look_beside(event.track_id, cause=event.event_id)
        return Done()

    async def on_review(self, event: ReviewResolved) -> Outcome:
        """A review of a decision that no longer stands is recorded and not applied.

        It stays visible in the track's view and in the log; the decision that stands is a case of its own.
        """
        async with self._locks.holding(event.track_id):
            state = await self._settled(event.track_id)
            await self._tracks.record(event)
            if review_applied(state.view, event):
                return Done()
            account = await self._company.of(state.view)
            step = self._judge.on_review(state.view, event, at=self._clock.now(), account=account)
            if isinstance(step, Unknown):
                return Retry(step.why)
            await self._take(event.track_id, state.view, step)
        await self._look_beside(event.track_id, cause=event.event_id)
        return Done()

    async def on_labels(self, event: LabelStated) -> Outcome:
        """A person's word on a label; applied at once where the track is decided, else with its decision."""
        async with self._locks.holding(event.track_id):
            state = await self._settled(event.track_id)
            upload = state.view.upload
            if upload is not None and upload.audio.sha256 != event.audio_sha256:
                return Reject("the statement is about other audio than was delivered", kind="other_audio")
            await self._tracks.record(event)
            await self._look_again(event.track_id, cause=event.event_id)
        return Done()

    async def on_grant(self, event: ConsentGrant) -> Outcome:
        """Consent was given, changed or revoked: tracks with the artist are looked at again."""
        self._registry.learn(event)
        await self._look_again_at(event.artist_id, cause=event.event_id)
        return Done()

    async def on_artist_key(self, event: ArtistKeyGiven) -> Outcome:
        """An artist gave or revoked a key: tracks with the artist are looked at again."""
        self._registry.learn(event)
        await self._look_again_at(event.artist_id, cause=event.event_id)
        return Done()

    async def on_artist(self, event: ProtectedArtist) -> Outcome:
        """An artist was protected, changed or withdrawn: tracks with their name are looked at again."""
        self._registry.learn(event)
        await self._look_again_at(event.artist_id, cause=event.event_id)
        return Done()

    async def on_decision(self, event: DecisionMade) -> Outcome:
        """Our own decision, read back. No lock: it is one idempotent write."""
        state = await self._tracks.load(event.track_id)
        if not any(known.event_id == event.event_id for known in state.view.decisions):
            await self._tracks.record(event)
        return Done()

    async def on_deadline(self, track_id: str) -> None:
        """Decide a track with what there is; a decided one is looked at again, because its time has come.

        A track without an upload is waiting for nothing.
        """
        async with self._locks.holding(track_id):
            state = await self._settled(track_id)
            if state.view.upload is None:
                await self._deadlines.clear(track_id)
                return
            standing = state.view.decision
            if standing is not None:
                await self._look_again(track_id, cause=deterministic_id("time", standing.event_id))
                return
            await self._consider(
                track_id, cause=deterministic_id("deadline", track_id), deadline_reached=True
            )

    async def _look_again_at(self, artist_id: str, *, cause: str) -> None:
        """One track after the other: under its lock, each is decided at most once for this cause."""
        found = await self._tracks.touching([artist_id], self._registry.name_keys(artist_id))
        for track_id in found:
            async with self._locks.holding(track_id):
                await self._settled(track_id)
                await self._look_again(track_id, cause=cause)

    async def _look_beside(self, track_id: str, *, cause: str) -> None:
        """What is new of a track, to the other tracks of its account that resemble the same artists.

        Read after the event was recorded, so that of two tracks in two workers at least one sees both. What
        the read would change is decided under the other track's lock, from what holds then.
        """
        view = (await self._tracks.load(track_id)).view
        account = await self._company.of(view)
        for other in concerned(view, account) if account is not None else ():
            now = self._clock.now()
            seen = self._judge.on_changed_facts(other, cause=cause, at=now, account=account)
            if isinstance(seen, Decide):
                async with self._locks.holding(seen.decision.track_id):
                    await self._settled(seen.decision.track_id)
                    await self._look_again(seen.decision.track_id, cause=cause)

    async def _look_again(self, track_id: str, *, cause: str) -> None:
        state = await self._tracks.load(track_id)
        account = await self._company.of(state.view)
        step = self._judge.on_changed_facts(state.view, cause=cause, at=self._clock.now(), account=account)
        await self._take(track_id, state.view, step)
        if isinstance(step, Stands) and state.view.decision is not None:
            if step.look_again is None:
                await self._deadlines.clear(track_id)
            else:
                await self._deadlines.set(track_id, step.look_again)

    async def _settled(self, track_id: str) -> TrackState:
        """The track's state, after finishing what a worker left half done."""
        state = await self._tracks.load(track_id)
        intent = state.intent
        if intent is None:
            return state
        if any(known.sequence >= intent.sequence for known in state.view.decisions):
            await self._tracks.forget_intent(track_id)
        else:
            log.info("finishing a decision that was left half done", track=track_id, decision=intent.event_id)
            await self._decisions.append(intent)
            await self._tracks.record(intent)
            _count(state.view, intent)
        return await self._tracks.load(track_id)

    async def _consider(self, track_id: str, *, cause: str, deadline_reached: bool = False) -> None:
        state = await self._tracks.load(track_id)
        step = self._judge.on_facts(
            state.view,
            cause=cause,
            at=self._clock.now(),
            deadline_reached=deadline_reached,
            account=await self._company.of(state.view),
        )
        await self._take(track_id, state.view, step)

    async def _take(self, track_id: str, view: TrackView, step: Step) -> None:
        match step:
            case Decide(decision, given):
                await self._tracks.intend(decision)
                await self._decisions.append(decision)
                await self._tracks.record(decision)
                _count(view, decision)
                log.info(
                    "decided",
                    track=track_id,
                    outcome=decision.outcome.value,
                    sequence=decision.sequence,
                    reasons=[reason.code for reason in decision.reasons],
                )
                self._watch(decision, given)
            case Wait(missing):
                log.debug("waiting", track=track_id, missing=list(missing))
            case Stands(why=why) | Unknown(why):
                log.info("no new decision", track=track_id, why=why)


def _count(before: TrackView, decision: DecisionMade) -> None:
    if before.upload is not None:
        metrics.decided(decision, before=before.decision, received_at=before.upload.received_at)
