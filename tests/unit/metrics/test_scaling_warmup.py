"""A run of the scaling benchmark begins when the workers that get tracks are warm."""

from deploy.scaling.warming import MOST_ROUNDS, findings_of, warm_up


class Group:
    """Workers of which each round of screening reaches some."""

    def __init__(self, heard: dict[str, float], *rounds: set[str]) -> None:
        self._heard = heard
        self._rounds = list(rounds)
        self.screened = 0

    def screen(self) -> None:
        self.screened += 1
        for worker in self._rounds.pop(0):
            self._heard[worker] = self._heard.get(worker, 0.0) + 1.0

    def heard(self) -> dict[str, float]:
        return dict(self._heard)


def test_goes_on_while_rounds_reach_more_workers() -> None:
    group = Group({"one": 0.0, "two": 0.0, "three": 0.0}, {"one"}, {"two"}, {"one", "three"}, {"two"})
    warm_up(group.screen, group.heard)
    assert group.screened == 4


def test_a_worker_that_is_never_reached_does_not_hold_it_up() -> None:
    group = Group({"one": 0.0, "idle": 0.0}, {"one"}, {"one"})
    warm_up(group.screen, group.heard)
    assert group.screened == 2


def test_what_was_heard_before_the_group_grew_does_not_count() -> None:
    group = Group({"one": 9.0, "two": 0.0}, {"two"}, {"one"}, {"two"})
    warm_up(group.screen, group.heard)
    assert group.screened == 3


def test_ends_where_every_round_reaches_another() -> None:
    workers = [f"worker-{number}" for number in range(MOST_ROUNDS + 3)]
    group = Group(dict.fromkeys(workers, 0.0), *({worker} for worker in workers))
    warm_up(group.screen, group.heard)
    assert group.screened == MOST_ROUNDS


def test_findings_of_all_verdicts_are_counted_and_nothing_else() -> None:
    page = (
        "# TYPE trackgate_findings_total counter\n"
        'trackgate_findings_total{detector="ai_detector",verdict="match"} 2.0\n'
        'trackgate_findings_total{detector="ai_detector",verdict="no_match"} 3.0\n'
        "# TYPE trackgate_published_total counter\n"
        'trackgate_published_total{topic="tracks.findings"} 50.0\n'
    )
    assert findings_of(page) == 5.0
