"""What the state machine draws: tracks, people, filters, cases."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from services.moderation.domain.cases import (
    CaseSummary,
    case_id_of,
)
from services.moderation.domain.looking import Filter, Share
from shared.events import Reason

TRACKS = tuple(f"0000000{n}-0000-4000-8000-000000000000" for n in range(3))
REVIEWERS = ("ada", "ben")
LEASE = timedelta(minutes=15)
UNDO = timedelta(seconds=30)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
REASONS = ("voice-match", "ai-generated", "undeclared-ai")
INDEXES_OF_A_QUEUE = ("distributor:south", "reason:undeclared-ai", "reason:voice-match")
TITLES = ("", "Night Drive", "Nightfall", "Été à Lyon", "Drive me home")

ARTISTS = ("", "Neon Fjord", "Néon", "Glass Orchard")
UNKNOWN = "00000009-0000-4000-8000-000000000000"
tracks = st.sampled_from(TRACKS)
# How a decision's number stands to the last one: mostly the next, sometimes a repeat or one from before.
steps = st.sampled_from((1, 1, 1, 1, 0, -1))
reviewers = st.sampled_from(REVIEWERS)
filters = st.builds(
    Filter,
    share=st.sampled_from((Share.OPEN, Share.OPEN, *Share)),
    reason=st.sampled_from((None, None, None, *REASONS)),
    distributor_id=st.sampled_from((None, None, None, "north", "south")),
    text=st.sampled_from(("", "", "", "night", "drive n", "ete", "0000")),
    older_than=st.sampled_from((None, None, None, timedelta(hours=1), timedelta(days=1))),
    label=st.sampled_from((None, None, None, "ai-detected")),
    min_score=st.sampled_from((None, None, None, 0, 50, 95)),
    artist=st.sampled_from(("", "", "", "neon", "Néon F", "glass")),
    leaving_out=st.sampled_from(
        ((), (), (), ("reason:voice-match",), ("reason:nothing", "distributor:north"))
    ),
    only_in=st.sampled_from((None, None, None, (), ("reason:ai-generated",), INDEXES_OF_A_QUEUE)),
)


@st.composite
def summaries(draw: st.DrawFn, track_id: str, sequence: int, opened_at: datetime) -> CaseSummary:
    described = draw(st.booleans())
    return CaseSummary(
        case_id=case_id_of(track_id),
        track_id=track_id,
        decision_id=f"decision-{track_id}-{sequence}",
        sequence=sequence,
        priority=draw(st.sampled_from((0, 50, 100))),
        reasons=tuple(
            Reason(code=code, text=code)
            for code in draw(st.lists(st.sampled_from(REASONS), min_size=1, max_size=2))
        ),
        opened_at=opened_at,
        described=described,
        title=draw(st.sampled_from(TITLES)) if described else "",
        due_at=draw(st.none() | st.sampled_from((1, 3600)).map(lambda s: opened_at + timedelta(seconds=s))),
        second_person=draw(st.booleans()),
        barred=draw(st.sampled_from(((), (), (), ("ada",), ("x-ada", "ben-y")))),
        artist=draw(st.sampled_from(ARTISTS)) if described else "",
        labels=draw(st.sampled_from(((), ("ai-detected",), ("ai-detected", "licensed-voice")))),
        score=draw(st.none() | st.sampled_from((0, 49, 50, 94, 99, 100))),
        distributor_id=draw(st.sampled_from(("north", "south"))) if described else None,
        release_date=draw(st.none() | st.sampled_from((date(2026, 3, 2), date(2026, 5, 1))))
        if described
        else None,
    )
