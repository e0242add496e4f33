"""Counting a part of the queue: from how many cases there are of each signature, never from the cases."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from services.moderation.domain.looking import Counts, Filter


def tallied(flat: Sequence[Sequence[Any]], within: Filter) -> Counts:
    """The counts for somebody who sees only what ``within`` leaves in and does not leave out.

    ``flat``: signatures and counts, one after the other, of what the person holds and of each set, in the
    script's order.
    """
    sets = [_inside(one, within) for one in flat]
    mine, waiting, free, pending, overdue, escalated, proposed, appeals = sets
    facets: Counter[str] = Counter()
    for signature, count in waiting.items():
        for name in signature:
            facets[name] += count
    return Counts(
        open=waiting.total(),
        free=free.total(),
        mine=mine.total(),
        pending=pending.total(),
        overdue=overdue.total(),
        escalated=escalated.total(),
        proposed=proposed.total(),
        appeals=appeals.total(),
        reasons=_facet(facets, "reason:"),
        distributors=_facet(facets, "distributor:"),
    )


def _inside(flat: Sequence[bytes], within: Filter) -> Counter[tuple[str, ...]]:
    without, within_any = set(within.leaving_out), within.only_in
    found: Counter[tuple[str, ...]] = Counter()
    for text, count in zip(flat[::2], flat[1::2], strict=True):
        signature = tuple(text.decode().split())
        names = set(signature)
        if not names & without and (within_any is None or names & set(within_any)):
            found[signature] += int(count)
    return found


def _facet(names: Mapping[str, int], kind: str) -> dict[str, int]:
    return {name.removeprefix(kind): count for name, count in names.items() if name.startswith(kind)}
