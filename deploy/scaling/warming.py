"""Before a run is counted, every worker that gets tracks has screened one: its models are loaded by then."""

from collections.abc import Callable, Iterable, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from shared.errors import SystemicError

MOST_ROUNDS = 8
_FINDINGS = "trackgate_findings"
_ANSWER_S = 10.0

Heard = Mapping[str, float]
"""Findings so far by worker."""


def warm_up(screen: Callable[[], None], heard: Callable[[], Heard]) -> None:
    """Call ``screen`` until a round reaches no worker that earlier rounds did not.

    Which worker owns a partition is the group's affair, and with few partitions some own none: so it is not
    asked whether all were reached. A worker that was reached before the group grew must be reached again.
    """
    before = heard()
    reached: frozenset[str] = frozenset()
    for _ in range(MOST_ROUNDS):
        screen()
        now = heard()
        found = frozenset(worker for worker, count in now.items() if count > before.get(worker, 0.0))
        if found == reached:
            return
        reached = found


def findings_of(metrics: str) -> float:
    """All findings that a worker counts on its page of ``metrics``."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(metrics)
        if family.name == _FINDINGS
        for sample in family.samples
        if sample.name == f"{_FINDINGS}_total"
    )


def heard_by(workers: Iterable[tuple[str, str]]) -> Heard:
    """``workers`` are names with base URLs. Blocks.

    Raises:
        SystemicError: a worker does not answer.
    """
    try:
        return {
            name: findings_of(httpx.get(f"{url}/metrics", timeout=_ANSWER_S).raise_for_status().text)
            for name, url in workers
        }
    except httpx.HTTPError as error:
        raise SystemicError(f"a worker's numbers cannot be read: {error}") from error
