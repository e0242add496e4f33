"""The policy's handlers over fakes, and the events that most tests of deciding begin with."""

from datetime import datetime, timedelta

from services.policy.compiled import load_policy
from services.policy.domain import FixedPolicy, Judge
from services.policy.handlers import PolicyHandlers
from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER
from services.policy.registry import Registry
from services.policy.sweep import DeadlineSweep
from shared.clock import SetClock
from shared.events import (
    ConsentGrant,
    DecisionMade,
    FindingRecorded,
    LabelStated,
    ProtectedArtist,
    ReviewResolved,
    TrackUploaded,
)
from shared.stream.outcome import Done, Reject, Retry
from tests.support.events import A_TIME, an_upload
from tests.support.policy import (
    ARTISTS,
    REQUIRED,
    Crashes,
    MemoryDeadlines,
    MemoryDecisionLog,
    MemoryLocks,
    MemoryTracks,
    a_finding,
    a_match,
)

POLICY = load_policy()
DEADLINE = timedelta(seconds=120)
UPLOAD = an_upload()
AI = a_finding(UPLOAD, AI_DETECTOR, "not_detected")
VOICE = a_finding(UPLOAD, VOICE_MATCHER, "no_match")
CLONE = a_finding(UPLOAD, AI_DETECTOR, "likely_generated")
MATCHED = a_finding(UPLOAD, VOICE_MATCHER, "match", matches=(a_match("mara-lind", "match"),))
Event = (
    TrackUploaded
    | FindingRecorded
    | ReviewResolved
    | LabelStated
    | DecisionMade
    | ConsentGrant
    | ProtectedArtist
)


class World:
    """The handlers over fakes, a clock that is moved, and the registry that events reach.

    ``restart`` is a new process over what was stored.
    """

    def __init__(self, *, registry: Registry | None = None, account_days: int = 30) -> None:
        self.clock = SetClock(A_TIME + timedelta(seconds=10))
        self.registry = registry or Registry(ARTISTS)
        self.crashes = Crashes()
        self.tracks = MemoryTracks(self.crashes)
        self.deadlines = MemoryDeadlines(self.tracks)
        self.log = MemoryDecisionLog(self.crashes)
        self._account_days = account_days
        self.restart()

    def restart(self) -> None:
        self.handlers = PolicyHandlers(
            judge=Judge(FixedPolicy(POLICY), self.registry, REQUIRED),
            tracks=self.tracks,
            locks=MemoryLocks(),
            deadlines=self.deadlines,
            decisions=self.log,
            clock=self.clock,
            deadline=DEADLINE,
            registry=self.registry,
            account_days=self._account_days,
        )

    async def see(self, *events: Event) -> Done | Retry | Reject:
        outcome: Done | Retry | Reject = Done()
        for event in events:
            match event:
                case TrackUploaded():
                    outcome = await self.handlers.on_uploaded(event)
                case FindingRecorded():
                    outcome = await self.handlers.on_finding(event)
                case ReviewResolved():
                    outcome = await self.handlers.on_review(event)
                case LabelStated():
                    outcome = await self.handlers.on_labels(event)
                case DecisionMade():
                    outcome = await self.handlers.on_decision(event)
                case ConsentGrant():
                    outcome = await self.handlers.on_grant(event)
                case ProtectedArtist():
                    outcome = await self.handlers.on_artist(event)
        return outcome

    async def pass_time(self, span: timedelta) -> int:
        return await self.at(self.clock.at + span)

    async def at(self, moment: datetime) -> int:
        """The moment has come: how many deadlines were due."""
        self.clock.at = moment
        sweep = DeadlineSweep(
            self.deadlines, self.handlers.on_deadline, clock=self.clock, alarm=NoAlarm(), not_before=A_TIME
        )
        return await sweep.sweep()

    @property
    def decisions(self) -> list[DecisionMade]:
        return self.log.distinct(UPLOAD.track_id)

    @property
    def standing(self) -> DecisionMade:
        return self.standing_of(UPLOAD.track_id)

    def standing_of(self, track_id: str) -> DecisionMade:
        found = self.tracks.view(track_id).decision
        assert found is not None
        return found

    @property
    def labels(self) -> list[str]:
        return [label.code for label in self.standing.labels]

    @property
    def story(self) -> list[str]:
        return [decision.outcome.value for decision in self.decisions]


def consented(*grants: ConsentGrant) -> World:
    """A world whose registry holds these grants from its beginning."""
    return World(registry=Registry(ARTISTS, grants))


class NoAlarm:
    async def wait(self, span: timedelta) -> None:
        raise AssertionError(f"a single sweep waits for nothing, not {span}")


def codes(decision: DecisionMade) -> list[str]:
    return [reason.code for reason in decision.reasons]
