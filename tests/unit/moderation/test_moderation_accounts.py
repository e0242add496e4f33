"""What a case page says of the other tracks of an account."""

from typing import Any

from services.moderation.accounts import OtherTrack, account_patterns
from services.moderation.domain.cases import case_id_of
from tests.support.events import track_id
from tests.unit.moderation.desk_fakes import a_decision


def a_pattern(artist: str = "liva", **changes: Any) -> dict[str, Any]:
    return {
        "artist_id": artist,
        "name": artist.title(),
        "days": 30,
        "recordings": 7,
        "resembling": 4,
        "cleared": 0,
        "probability": 0.436,
        "track_ids": [track_id(1), track_id(2)],
    } | changes


def test_a_pattern_is_told_in_counts_and_percent_with_the_other_tracks() -> None:
    decision = a_decision(track_id=track_id(1), policy_input={"patterns": [a_pattern()]})
    (shown,) = account_patterns(decision)
    assert (shown.artist, shown.recordings, shown.resembling, shown.days) == ("Liva", 7, 4, 30)
    assert shown.percent == 44
    assert shown.others == (OtherTrack(track_id(2), case_id_of(track_id(2))),)


def test_the_most_likely_artist_comes_first() -> None:
    likely = a_pattern("mara", probability=0.9)
    decision = a_decision(policy_input={"patterns": [a_pattern(), likely]})
    assert [shown.artist for shown in account_patterns(decision)] == ["Mara", "Liva"]


def test_decisions_from_before_accounts_were_weighed_show_nothing() -> None:
    assert account_patterns(a_decision(policy_input={"matches": []})) == ()
    assert account_patterns(None) == ()
