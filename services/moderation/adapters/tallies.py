"""Counting a part of the queue: from how many cases there are of each signature, never from the cases."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from services.moderation.domain.queue import Counts, Filter


def tallied(mine: int, flat: Sequence[Sequence[Any]], within: Filter) -> Counts:
    """The counts for somebody who sees only what ``within`` leaves in and does not leave out.

    ``flat``: a flat hash of signature and count for each set, in the script's order.
    """
    sets = [_inside(dict(zip(one[::2], one[1::2], strict=True)), within) for one in flat]
    waiting, free, pending, overdue, escalated, proposed, appeals = sets
    facets: Counter[str] = Counter()
    for signature, count in waiting.items():
        for name in signature:
            facets[name] += count
    return Counts(
        open=waiting.total(),
        free=free.total(),
        mine=mine,
        pending=pending.total(),
        overdue=overdue.total(),
        escalated=escalated.total(),
        proposed=proposed.total(),
        appeals=appeals.total(),
        reasons=_facet(facets, "reason:"),
        distributors=_facet(facets, "distributor:"),
    )


def _inside(tally: Mapping[bytes, bytes], within: Filter) -> Counter[tuple[str, ...]]:
    without, within_any = set(within.leaving_out), within.only_in
    found: Counter[tuple[str, ...]] = Counter()
    for text, count in tally.items():
        signature = tuple(text.decode().split())
        names = set(signature)
        if not names & without and (within_any is None or names & set(within_any)):
            found[signature] = int(count)
    return found


def _facet(names: Mapping[str, int], kind: str) -> dict[str, int]:
    return {name.removeprefix(kind): count for name, count in names.items() if name.startswith(kind)}
