"""Which protected artists several recent tracks of an account resemble, this track among them. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.policy.account import PRIOR, evidence_about
from services.policy.facts import ArtistFacts, PatternFacts
from services.policy.inputs import VOICE_MATCHER
from services.policy.together import together
from shared.views.tracks import TrackView

FEWEST = 2
"""Recordings that resemble before there is a pattern: one by itself never is."""


@dataclass(frozen=True)
class Account:
    """The tracks that an account delivered in the last ``days``; the track in question may be among them."""

    days: int
    tracks: Sequence[TrackView]


def patterns(
    view: TrackView, account: Account | None, about: Callable[[str], ArtistFacts]
) -> tuple[PatternFacts, ...]:
    """A pattern for each artist whom this track and another recording of the account resemble."""
    voice = view.finding(VOICE_MATCHER)
    if account is None or view.upload is None or voice is None:
        return ()
    others = [
        one
        for one in account.tracks
        if one.upload is not None and one.upload.track_id != view.upload.track_id
    ]
    found = []
    for artist_id in sorted({match.artist_id for match in voice.matches}):
        evidence = evidence_about(artist_id, (view, *others))
        weighed = together(evidence.heard, prior=PRIOR)
        if weighed.resembling >= FEWEST:
            found.append(
                PatternFacts(
                    **dict(about(artist_id)),
                    days=account.days,
                    recordings=weighed.recordings,
                    resembling=weighed.resembling,
                    cleared=evidence.cleared,
                    log_ratio=round(weighed.log_ratio, 4),
                    probability=round(weighed.probability, 4),
                    finding_ids=evidence.finding_ids,
                    track_ids=evidence.track_ids,
                )
            )
    return tuple(found)
