"""What holds for every input, not only for those that somebody thought of."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.policy.assemble import assemble
from services.policy.compiled import load_policy
from services.policy.domain import FixedPolicy, Judge
from services.policy.evaluate import evaluate
from services.policy.handlers import PolicyHandlers
from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER, PolicyInput
from services.policy.registry import Registry
from services.policy.verdict import SEVERITY
from services.policy.vocabulary import FindingState, Standing
from shared.clock import SetClock
from shared.events import AiUse, Contributor, Declaration, Outcome, TrackUploaded, Verdict
from shared.stream.outcome import Done
from shared.views.tracks import TrackView
from tests.support.events import A_TIME, an_upload
from tests.support.policy import (
    ARTISTS,
    DAY,
    REQUIRED,
    Crashes,
    MemoryDeadlines,
    MemoryDecisionLog,
    MemoryLocks,
    MemoryTracks,
    a_finding,
    a_grant,
    a_match,
    a_review,
)

POLICY = load_policy()
ELSEWHERE = load_policy()
RELEASED = {Outcome.PUBLISH, Outcome.LABEL}
NAMES = ("Somebody", "Mara Lind", "Søren Ås", "X feat. Mara Lind", "Gone Voice")

declarations = st.builds(
    Declaration,
    title=st.sampled_from(["Song", "Song (feat. Mara Lind)"]),
    display_artist=st.sampled_from(NAMES),
    isrc=st.sampled_from([None, "SEABC2600001", "SEABC2600002"]),
    contributors=st.lists(
        st.builds(
            Contributor,
            name=st.sampled_from(NAMES),
            role=st.sampled_from(["Vocalist", "Composer", "Producer"]),
            ai_use=st.sampled_from(AiUse),
        ),
        max_size=2,
    ).map(tuple),
    ai_use=st.sampled_from(AiUse),
    release_date=st.sampled_from([None, (A_TIME + 9 * DAY).date()]),
    territories=st.sampled_from([("Worldwide",), ("SE",), ("SE", "NO")]),
    test_delivery=st.booleans(),
)
uploads = st.builds(
    lambda declaration, distributor: an_upload(declaration=declaration, distributor_id=distributor),
    declarations,
    st.sampled_from(["northwind", "lindhaus"]),
)
grants = st.lists(
    st.builds(
        lambda number, **changes: a_grant(f"g{number}", **changes),
        number=st.integers(0, 3),
        artist_id=st.sampled_from(["mara-lind", "soeren-aas"]),
        grantee=st.sampled_from(["*", "northwind", "southwind"]),
        uses=st.sampled_from([("cloned_vocal",), ("sampling",), ("training", "voice_conversion")]),
        isrcs=st.sampled_from([(), ("SEABC2600001",)]),
        territories=st.sampled_from([("Worldwide",), ("SE",)]),
        valid_until=st.sampled_from([A_TIME + DAY, A_TIME + 100 * DAY, A_TIME - DAY]),
        revoked_at=st.sampled_from([None, A_TIME - DAY, A_TIME + DAY]),
        label_required=st.booleans(),
    ),
    max_size=3,
)
matches = st.dictionaries(
    st.sampled_from(["mara-lind", "soeren-aas", "gone-voice", "never-heard-of"]),
    st.sampled_from(["match", "possible"]),
    max_size=3,
).map(lambda found: tuple(a_match(artist, strength) for artist, strength in found.items()))


@st.composite
def inputs(draw: st.DrawFn) -> PolicyInput:
    upload: TrackUploaded = draw(uploads)
    findings = [
        a_finding(
            upload,
            detector,
            draw(st.sampled_from(Verdict)).value,
            matches=draw(matches) if detector == VOICE_MATCHER else (),
            probability=draw(st.none() | st.floats(0.0, 1.0)),
            score=draw(st.none() | st.floats(-1e6, 1e6)),
        )
        for detector in draw(st.sets(st.sampled_from([*REQUIRED, "sample_finder"])))
    ]
    view = TrackView(upload=upload, findings=tuple(findings), decisions=(), reviews=())
    return assemble(upload, view, Registry(ARTISTS, draw(grants)), required=REQUIRED, at=A_TIME)


@given(inputs())
@settings(max_examples=120, deadline=None)
def test_a_failed_or_missing_finding_never_lets_a_track_out(known: PolicyInput) -> None:
    doubtful = {FindingState.ERROR, FindingState.MISSING}
    if any(finding.verdict in doubtful for finding in known.findings):
        assert evaluate(POLICY, known).outcome is Outcome.QUARANTINE


@given(inputs())
@settings(max_examples=120, deadline=None)
def test_what_is_let_out_was_measured_in_words_its_detector_has(known: PolicyInput) -> None:
    if evaluate(POLICY, known).outcome in RELEASED:
        ai, voice = known.finding(AI_DETECTOR).verdict, known.finding(VOICE_MATCHER).verdict
        assert ai.value in {"likely_generated", "inconclusive", "not_detected", "not_measured"}
        assert voice.value in {"match", "possible", "inconclusive", "no_match", "not_measured"}
        assert {ai.value, voice.value} != {"not_measured"}


@given(inputs())
@settings(max_examples=120, deadline=None)
def test_no_protected_voice_or_name_is_let_out_without_leave(known: PolicyInput) -> None:
    if evaluate(POLICY, known).outcome in RELEASED:
        strong = [match for match in known.matches if match.verdict.value == "match"]
        performing = [claim for claim in known.claims if claim.performing]
        assert all(artist.standing is not Standing.UNAUTHORISED for artist in [*strong, *performing])


@given(inputs())
@settings(max_examples=60, deadline=None)
def test_no_test_delivery_is_let_out(known: PolicyInput) -> None:
    if known.declaration.test_delivery:
        result = evaluate(POLICY, known)
        assert (result.outcome, result.priority) == (Outcome.QUARANTINE, 0)


@given(st.lists(inputs(), min_size=20, max_size=20))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow]
)
def test_deciding_again_from_the_record_gives_the_identical_result(batch: list[PolicyInput]) -> None:
    """3,000 inputs: from their bytes, on the same policy and on one compiled anew elsewhere."""
    for known in batch:
        recorded = PolicyInput.model_validate_json(known.model_dump_json())
        assert recorded == known
        assert evaluate(ELSEWHERE, recorded) == evaluate(POLICY, known)


@given(inputs())
@settings(max_examples=120, deadline=None)
def test_the_most_restrictive_of_the_matching_rules_stands(known: PolicyInput) -> None:
    result = evaluate(POLICY, known)
    matched = {trace.rule for trace in result.trace if trace.matched and "set aside" not in trace.why}
    said = [compiled.rule.then.outcome for compiled in POLICY.rules if compiled.rule.id in matched]
    strictest = max(said, key=SEVERITY.__getitem__, default=Outcome.QUARANTINE)
    doubts = any(reason.code == "priority_review" for reason in result.reasons)
    assert result.outcome is (Outcome.QUARANTINE if doubts else strictest)


@given(inputs())
@settings(max_examples=60, deadline=None)
def test_every_decision_has_reasons_and_traces_every_rule(known: PolicyInput) -> None:
    result = evaluate(POLICY, known)
    assert result.reasons
    assert [trace.rule for trace in result.trace] == [compiled.rule.id for compiled in POLICY.rules]
    assert all(trace.why for trace in result.trace)
    assert all("{" not in reason.text and "unknown" not in reason.text for reason in result.reasons)


async def final_state(events: list[Any], repeats: list[int]) -> tuple[Any, ...]:
    """Play the events in this order, the repeats after them, and say what stands."""
    tracks = MemoryTracks()
    log = MemoryDecisionLog(Crashes())
    clock = SetClock(A_TIME + timedelta(seconds=10))
    handlers = PolicyHandlers(
        judge=Judge(FixedPolicy(POLICY), Registry(ARTISTS), REQUIRED),
        tracks=tracks,
        locks=MemoryLocks(),
        deadlines=MemoryDeadlines(tracks),
        decisions=log,
        clock=clock,
        deadline=timedelta(seconds=120),
    )
    for event in [*events, *(events[index % len(events)] for index in repeats)]:
        clock.at += timedelta(seconds=1)
        handle = handlers.on_uploaded if isinstance(event, TrackUploaded) else handlers.on_finding
        assert await handle(event) == Done()
    view = tracks.view(an_upload().track_id)
    assert view.decision is not None
    ids = [decision.event_id for decision in log.appended]
    assert len(ids) == len(set(ids)) == len(view.decisions)
    for review in [a_review(view.decision, "reject")] * 2:
        await handlers.on_review(review)
    standing = tracks.view(an_upload().track_id).decision
    assert standing is not None
    first = view.decision
    return first.outcome, [r.code for r in first.reasons], standing.outcome, standing.sequence, ids


@given(
    st.permutations(range(3)),
    st.lists(st.integers(0, 2), max_size=4),
    st.sampled_from(["not_detected", "likely_generated", "error", "inconclusive"]),
    st.sampled_from(["no_match", "error", "not_measured"]),
)
@settings(max_examples=60, deadline=None)
async def test_any_order_and_any_repeats_of_the_same_events_end_in_the_same_decision(
    order: list[int], repeats: list[int], ai: str, voice: str
) -> None:
    upload = an_upload()
    events = [upload, a_finding(upload, AI_DETECTOR, ai), a_finding(upload, VOICE_MATCHER, voice)]
    straight = await final_state(events, [])
    shuffled = await final_state([events[index] for index in order], repeats)
    assert shuffled[:4] == straight[:4]
    again = await final_state([events[index] for index in order], [])
    assert again[4] == shuffled[4]
