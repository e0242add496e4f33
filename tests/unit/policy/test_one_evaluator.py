"""The matrix of scenarios through every way of deciding: live, shadow, rollout, backtest, replay."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.policy.backtest.compare import Backtest
from services.policy.backtest.replay import Identical, replayed
from services.policy.changes import Wish, changed, drafted
from services.policy.compiled import DEFAULT_LABELS, DEFAULT_POLICY, compile_policy, load_policy, read_file
from services.policy.domain import Decide, Judge
from services.policy.metrics import SHADOWED
from services.policy.stages import PolicyBook, in_share
from services.policy.trial import Trial
from shared.events import DecisionMade, PolicyStage
from shared.views.tracks import TrackView
from tests.support.events import A_TIME, track_id
from tests.support.policy import REQUIRED, scenario_account, scenario_registry, scenario_track

SCENARIOS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("scenarios.yaml").read_text(encoding="utf-8")
)
SHIPPED = load_policy()
# Says the same as the default policy under another version, so that any difference is the way's.
TWIN = compile_policy(
    read_file(DEFAULT_POLICY).replace("name: default", "name: twin", 1), read_file(DEFAULT_LABELS)
)


def book_with(stage: PolicyStage) -> PolicyBook:
    book = PolicyBook(SHIPPED)
    change = drafted(book, TWIN, Wish(PolicyStage.DRAFT, "ana", A_TIME))
    book.put(TWIN.version, change)
    for wish in (
        Wish(PolicyStage.SHADOW, "ana", A_TIME),
        Wish(PolicyStage.ROLLOUT, "bo", A_TIME, percent=50),
        Wish(PolicyStage.LIVE, "bo", A_TIME),
    ):
        book.put(TWIN.version, changed(book, TWIN.version, wish))
        if wish.stage is stage:
            return book
    raise AssertionError(stage)


def decided(book: PolicyBook, scenario: dict[str, Any], track: str) -> tuple[DecisionMade, Decide]:
    upload, findings = scenario_track(scenario)
    upload = upload.model_copy(update={"track_id": track})
    moved = tuple(finding.model_copy(update={"track_id": track}) for finding in findings)
    view = TrackView(upload=upload, findings=moved, decisions=(), reviews=())
    judge = Judge(book, scenario_registry(scenario), REQUIRED)
    step = judge.on_facts(
        view, cause="test", at=A_TIME, deadline_reached=True, account=scenario_account(scenario)
    )
    assert isinstance(step, Decide)
    return step.decision, step


def said(decision: DecisionMade) -> tuple[object, ...]:
    return decision.outcome, decision.reasons, decision.labels, decision.trace, decision.priority


IN_SHARE = next(track_id(n) for n in range(1000) if in_share(TWIN, track_id(n), 50))
OUTSIDE = next(track_id(n) for n in range(1000) if not in_share(TWIN, track_id(n), 50))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario["it"]))
def test_every_way_of_deciding_says_the_same(scenario: dict[str, Any]) -> None:
    shipped, _ = decided(PolicyBook(SHIPPED), scenario, IN_SHARE)
    live, _ = decided(book_with(PolicyStage.LIVE), scenario, IN_SHARE)
    rollout, _ = decided(book_with(PolicyStage.ROLLOUT), scenario, IN_SHARE)
    outside, _ = decided(book_with(PolicyStage.ROLLOUT), scenario, OUTSIDE)
    assert shipped.outcome.value == scenario["expect"]["outcome"]
    assert (live.policy_version, rollout.policy_version) == (TWIN.version, TWIN.version)
    assert outside.policy_version == SHIPPED.version
    assert said(live) == said(rollout) == said(shipped)
    assert outside.outcome is shipped.outcome

    book = book_with(PolicyStage.SHADOW)
    watched, step = decided(book, scenario, IN_SHARE)
    counter = SHADOWED.labels(TWIN.version, watched.outcome.value, scenario["expect"]["outcome"])
    before = counter._value.get()
    Trial(book, lambda _: None, window=10, minimum=5, margin=0.2)(watched, step.given)
    assert counter._value.get() == before + 1

    test = Backtest(TWIN)
    test.see(DecisionMade.from_bytes(shipped.to_bytes()))
    assert (test.found.decisions, test.found.changed) == (1, 0)
    assert set(test.found.reasons_after) == set(scenario["expect"]["reasons"])
    for decision in (live, rollout, shipped, watched):
        assert (
            replayed(DecisionMade.from_bytes(decision.to_bytes()), book_with(PolicyStage.LIVE)) == Identical()
        )


def test_there_are_enough_scenarios_for_a_policy_lawyer() -> None:
    assert len(SCENARIOS) >= 60
