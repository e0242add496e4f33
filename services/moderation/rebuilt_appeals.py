"""Open appeals from Kafka: filed, answered by nobody, and against a decision that still restricts."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.moderation.domain.appeals import RESTRICTING, Clocks, appeal_case
from services.moderation.domain.cases import CaseSummary
from shared.events import AppealDecided, AppealFiled, DecisionMade, ReviewResolved, TrackUploaded
from shared.views.tracks import TrackView


@dataclass
class FoldedAppeals:
    """Filed and decided appeals are read first: of other tracks no decision, review or upload is kept.

    When an appeal was taken up is in no topic: a rebuilt one waits to be taken up, whatever it was before.
    """

    filed: dict[str, AppealFiled] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    decisions: defaultdict[str, dict[int, DecisionMade]] = field(default_factory=lambda: defaultdict(dict))
    reviews: defaultdict[str, dict[str, ReviewResolved]] = field(default_factory=lambda: defaultdict(dict))
    uploads: dict[str, TrackUploaded] = field(default_factory=dict)

    def contested(self, filed: AppealFiled) -> None:
        self.filed[filed.event_id] = filed

    def answered(self, outcome: AppealDecided) -> None:
        self.ended.add(outcome.appeal_id)

    @property
    def waiting(self) -> dict[str, AppealFiled]:
        """The open appeal of each track; a newer one takes the place of an older."""
        waiting = (one for appeal_id, one in self.filed.items() if appeal_id not in self.ended)
        return {one.track_id: one for one in sorted(waiting, key=lambda one: one.occurred_at)}

    def about(self, event: DecisionMade | ReviewResolved | TrackUploaded, tracks: frozenset[str]) -> None:
        """What an open appeal's case is made of. ``tracks``: those that have one."""
        if event.track_id not in tracks:
            return
        match event:
            case DecisionMade():
                self.decisions[event.track_id][event.sequence] = event
            case ReviewResolved():
                self.reviews[event.track_id][event.event_id] = event
            case TrackUploaded():
                self.uploads[event.track_id] = event

    def cases(self, clocks: Clocks) -> Iterator[CaseSummary]:
        for track_id, filed in self.waiting.items():
            decisions = self.decisions[track_id]
            view = TrackView(
                upload=self.uploads.get(track_id),
                findings=(),
                decisions=tuple(decisions[sequence] for sequence in sorted(decisions)),
                reviews=tuple(self.reviews[track_id].values()),
            )
            summary = appeal_case(filed, view, clocks)
            if summary is not None and view.decision is not None and view.decision.outcome in RESTRICTING:
                yield summary
