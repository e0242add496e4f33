"""What several recordings of an account say together, as properties of the statistic."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.policy.account import account_of, evidence_about
from services.policy.together import CORRELATION, Heard, together
from shared.events import (
    DecisionMade,
    Declaration,
    FindingRecorded,
    Outcome,
    Sameness,
    TrackUploaded,
    Verdict,
)
from shared.views.tracks import TrackView
from tests.support.events import A_TIME, an_upload, track_id
from tests.support.policy import a_copy, a_finding, a_match

WITHOUT = Heard(None)
MEASURED = {"prior": 0.01, "match_probability": 0.39}
RATIOS = st.floats(min_value=0.0, max_value=5.7, allow_nan=False)
RECORDINGS = st.lists(st.one_of(st.none(), RATIOS).map(Heard), max_size=12)
PRIORS = st.floats(min_value=1e-4, max_value=0.5)


@given(RECORDINGS, st.randoms(use_true_random=False), PRIORS)
def test_the_order_of_an_accounts_tracks_changes_nothing(heard: list[Heard], rng: Any, prior: float) -> None:
    shuffled = list(heard)
    rng.shuffle(shuffled)
    assert together(shuffled, prior=prior) == together(heard, prior=prior)


@given(RECORDINGS.filter(bool), PRIORS)
def test_a_recording_without_the_artist_counts_against(heard: list[Heard], prior: float) -> None:
    before, after = together(heard, prior=prior), together([*heard, WITHOUT], prior=prior)
    assert after.log_ratio < before.log_ratio
    assert after.probability < before.probability


@given(RECORDINGS, st.floats(min_value=0.1, max_value=5.7), PRIORS)
def test_one_more_resemblance_counts_for(heard: list[Heard], ratio: float, prior: float) -> None:
    before, after = together(heard, prior=prior), together([*heard, Heard(ratio)], prior=prior)
    assert after.probability > before.probability
    assert after.resembling == before.resembling + 1


@given(st.lists(RATIOS, min_size=1, max_size=200), PRIORS)
def test_however_many_resemble_they_never_say_more_than_the_singer_may(
    ratios: list[float], prior: float
) -> None:
    bound = max(ratios) / CORRELATION
    assert together([Heard(one) for one in ratios], prior=prior).log_ratio <= bound + 1e-9


@given(RATIOS, PRIORS)
def test_a_single_resemblance_says_less_together_than_alone(ratio: float, prior: float) -> None:
    assert together([Heard(ratio)], prior=prior).log_ratio <= ratio + 1e-9


def test_nothing_heard_leaves_the_prior() -> None:
    nothing = together([], prior=0.01)
    assert (nothing.recordings, nothing.resembling) == (0, 0)
    assert abs(nothing.probability - 0.01) < 1e-12


def test_four_of_seven_weigh_more_than_four_of_a_hundred() -> None:
    four = [Heard(4.5)] * 4
    few = together([*four, *[WITHOUT] * 3], prior=0.01)
    many = together([*four, *[WITHOUT] * 96], prior=0.01)
    assert few.probability > 0.2
    assert many.probability < 0.01


# ---- reading an account's tracks -------------------------------------------------------------------------


def a_view(number: int, verdict: str, probability: float = 0.2, **changes: Any) -> TrackView:
    upload = an_upload(
        track_id=track_id(number),
        audio=an_upload().audio.model_copy(update={"sha256": f"{number:064x}"}),
        received_at=A_TIME + timedelta(hours=number),
    )
    matches = ()
    if verdict in {"match", "possible"}:
        matches = (a_match("mara-lind", verdict).model_copy(update={"probability": probability}),)
    voice = a_finding(
        upload,
        "voice_matcher",
        verdict,
        matches=matches,
        measurements=MEASURED,
    )
    known: dict[str, Any] = {"upload": upload, "findings": (voice,), "decisions": (), "reviews": ()}
    return TrackView(**(known | changes))


def heard_of(*views: TrackView) -> list[float | None]:
    return sorted(
        (one.log_ratio for one in evidence_about("mara-lind", views).heard),
        key=lambda ratio: (ratio is None, ratio),
    )


def test_the_ratio_is_the_probability_without_its_prior() -> None:
    (ratio,) = heard_of(a_view(1, "possible", probability=0.2))
    assert ratio is not None
    assert abs(ratio - 3.2088) < 1e-3


def test_a_match_says_no_more_than_a_track_at_the_threshold_of_a_match() -> None:
    upload = an_upload()
    voice = a_finding(
        upload,
        "voice_matcher",
        "match",
        matches=(a_match("mara-lind", "match").model_copy(update={"probability": 0.9999}),),
        measurements=MEASURED,
    )
    (strong,) = heard_of(TrackView(upload=upload, findings=(voice,), decisions=(), reviews=()))
    (at_threshold,) = heard_of(a_view(1, "possible", probability=0.39))
    assert strong == at_threshold


def test_what_was_not_measured_or_was_about_other_audio_counts_neither_way() -> None:
    other = a_view(3, "no_match")
    voice = other.findings[0].model_copy(update={"audio_sha256": "f" * 64})
    assert (
        heard_of(a_view(1, "not_measured"), a_view(2, "error"), TrackView(other.upload, (voice,), (), ()))
        == []
    )


def test_the_same_file_delivered_again_is_one_recording() -> None:
    first, again = a_view(1, "possible"), a_view(2, "possible")
    assert first.upload is not None
    assert again.upload is not None
    same_audio = again.upload.model_copy(update={"audio": first.upload.audio})
    voice = a_finding(same_audio, "voice_matcher", "possible", matches=again.findings[0].matches)
    assert len(heard_of(first, TrackView(same_audio, (voice,), (), ()))) == 1


def test_the_same_sound_in_another_file_is_one_recording_in_either_order() -> None:
    first, again = a_view(1, "possible"), a_view(2, "possible")
    assert again.upload is not None
    copy = a_copy(track_id=track_id(1), sameness=Sameness.SOUND, seconds=again.upload.audio.seconds)
    coded = a_finding(again.upload, "fingerprint", "duplicate_of", copies=(copy,))
    again = TrackView(again.upload, (*again.findings, coded), (), ())
    assert heard_of(first, again) == heard_of(again, first)
    assert len(heard_of(first, again)) == 1


def test_a_short_sample_of_another_track_is_a_recording_of_its_own() -> None:
    first, again = a_view(1, "possible"), a_view(2, "possible")
    assert again.upload is not None
    copy = a_copy(track_id=track_id(1), seconds=0.1 * again.upload.audio.seconds)
    coded = a_finding(again.upload, "fingerprint", "duplicate_of", copies=(copy,))
    assert len(heard_of(first, TrackView(again.upload, (*again.findings, coded), (), ()))) == 2


def test_what_a_person_released_counts_as_without_the_artist() -> None:
    view = a_view(1, "possible")
    assert view.upload is not None
    decision = DecisionMade(
        event_id="d",
        occurred_at=A_TIME,
        track_id=view.upload.track_id,
        audio_sha256=view.upload.audio.sha256,
        sequence=2,
        outcome=Outcome.PUBLISH,
        reasons=(),
        policy_version="p",
        automated=False,
        decided_by="rosa",
    )
    released = TrackView(view.upload, view.findings, (decision,), ())
    held = TrackView(
        view.upload, view.findings, (decision.model_copy(update={"outcome": Outcome.REJECT}),), ()
    )
    assert heard_of(released) == [None]
    assert evidence_about("mara-lind", [released]).cleared == 1
    assert heard_of(held) == heard_of(view)


def by_name(name: str, distributor: str = "northwind") -> str:
    declaration = Declaration(title="Song", display_artist=name)
    upload: TrackUploaded = an_upload(declaration=declaration, distributor_id=distributor)
    return account_of(upload)


def test_an_account_is_a_distributor_and_a_name_as_people_read_it() -> None:
    assert by_name("Nova  Fox") == by_name("NOVA FOX")
    assert by_name("Nova Fox") != by_name("Nova Wolf")
    assert by_name("Nova Fox") != by_name("Nova Fox", "southwind")
    assert "nova" not in by_name("Nova Fox").casefold()


def test_evidence_names_the_findings_that_resemble_and_no_voice() -> None:
    views = [a_view(1, "possible"), a_view(2, "no_match"), a_view(3, "match")]
    evidence = evidence_about("mara-lind", views)
    expected = sorted(voice.event_id for voice in (views[0].findings[0], views[2].findings[0]))
    assert list(evidence.finding_ids) == expected
    assert not any("embedding" in name for name in FindingRecorded.model_fields)
    assert {Verdict.MATCH, Verdict.POSSIBLE} == {one.findings[0].verdict for one in (views[0], views[2])}
