"""How far readers are behind."""

from services.cli.topic_numbers import Lag, Offsets, expected_readers, topic_numbers
from shared.stream.admin import TopicResult, TopicState, compare_topics
from shared.topics import TopicSpec, broker_topics


def present(name: str, partitions: int) -> TopicResult:
    return TopicResult(name, TopicState.PRESENT, partitions, partitions)


def test_every_topic_with_consumers_has_its_groups_and_retries_have_their_own() -> None:
    readers = expected_readers()
    assert set(readers["tracks.uploaded"]) == {"ai_detector", "voice_matcher", "fingerprints", "policy"}
    assert readers["tracks.uploaded.policy.retry.10m"] == ("policy.retries",)
    assert "tracks.uploaded.policy.dlq" not in readers


def test_messages_and_lag_are_summed_over_partitions() -> None:
    (numbers,) = topic_numbers(
        [present("tracks.findings", 2)],
        {("tracks.findings", 0): Offsets(10, 30), ("tracks.findings", 1): Offsets(0, 5)},
        {"policy": {("tracks.findings", 0): 25, ("tracks.findings", 1): 5}},
    )
    assert numbers.messages == 25
    assert numbers.lags == (Lag("policy", 5),)


def test_who_should_read_and_never_did_is_behind_by_all() -> None:
    (numbers,) = topic_numbers([present("tracks.findings", 1)], {("tracks.findings", 0): Offsets(10, 30)}, {})
    assert numbers.lags == (Lag("policy", 20, never=True),)


def test_what_the_log_dropped_does_not_count_and_lag_is_never_negative() -> None:
    (numbers,) = topic_numbers(
        [present("tracks.findings", 2)],
        {("tracks.findings", 0): Offsets(10, 30), ("tracks.findings", 1): Offsets(0, 5)},
        {"policy": {("tracks.findings", 0): 3, ("tracks.findings", 1): 9}},
    )
    assert numbers.lags == (Lag("policy", 20),)


def test_a_stranger_who_reads_is_shown_too() -> None:
    (numbers,) = topic_numbers(
        [present("registry.distributors", 1)],
        {("registry.distributors", 0): Offsets(0, 5)},
        {"auditor": {("registry.distributors", 0): 4}, "other": {("tracks.findings", 0): 1}},
    )
    assert numbers.lags == (Lag("auditor", 1),)


class TestComparingTopics:
    wanted = (TopicSpec("a", 6, {}), TopicSpec("b", 1, {}))

    def states(self, partitions: dict[str, int]) -> list[TopicState]:
        return [result.state for result in compare_topics(list(self.wanted), partitions)]

    def test_present_missing_and_wrong_are_told_apart(self) -> None:
        assert self.states({"a": 6, "b": 1}) == [TopicState.PRESENT, TopicState.PRESENT]
        assert self.states({"a": 6}) == [TopicState.PRESENT, TopicState.MISSING]
        assert self.states({"a": 3, "b": 1}) == [TopicState.WRONG_PARTITIONS, TopicState.PRESENT]

    def test_each_fault_says_what_to_do(self) -> None:
        wrong, missing = compare_topics(list(self.wanted), {"a": 3})
        assert "TRACKGATE_PARTITIONS" in wrong.detail
        assert "trackgate topics --create" in missing.detail
        assert not wrong.usable
        assert not missing.usable

    def test_dead_letter_topics_are_wanted_as_well(self) -> None:
        names = {result.name for result in compare_topics(broker_topics(6), {})}
        assert "tracks.uploaded.ai_detector.dlq" in names
