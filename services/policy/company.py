"""The recent tracks beside a track, read for its decision; and which of them its news concerns."""

from collections.abc import Iterator
from datetime import timedelta

from services.policy.account import account_of
from services.policy.inputs import VOICE_MATCHER
from services.policy.patterns import Account
from services.policy.ports import Tracks
from shared.clock import Clock
from shared.views.tracks import TrackView


class Company:
    """``days``: how long an account's tracks are remembered together; 0 looks at each track alone."""

    def __init__(self, tracks: Tracks, clock: Clock, *, days: int) -> None:
        self._tracks = tracks
        self._clock = clock
        self._days = days

    async def of(self, view: TrackView) -> Account | None:
        """The account's tracks as they are now; None where this track resembles nobody."""
        if not self._days or view.upload is None or not resembled(view):
            return None
        since = self._clock.now() - timedelta(days=self._days)
        return Account(self._days, await self._tracks.of_account(account_of(view.upload), since))


def resembled(view: TrackView) -> frozenset[str]:
    """The artists who are at least possible in the track."""
    voice = view.finding(VOICE_MATCHER)
    return frozenset(match.artist_id for match in voice.matches) if voice is not None else frozenset()


def concerned(view: TrackView, account: Account) -> Iterator[TrackView]:
    """The account's other decided tracks that resemble somebody whom this one resembles."""
    for other in account.tracks:
        if other.upload is None or other.decision is None:
            continue
        if view.upload is not None and other.upload.track_id == view.upload.track_id:
            continue
        if resembled(other) & resembled(view):
            yield other
