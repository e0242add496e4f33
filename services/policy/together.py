"""What several recordings of one account say together about one artist's voice. Pure.

A mixture with an unknown share: some share of the account's recordings is in the artist's voice, and every
share is as likely as another beforehand. A recording with log likelihood ratio ``x`` then has the ratio
``(1 - share) + share * exp(x)``; the shares are averaged. Recordings without the artist count against every
share, and most against the great ones, so that clean tracks beside a few clones do not hide them at once and
many clean ones do.

Recordings of one singer err alike: whoever resembles the artist once resembles them again. The k-th strongest
of n recordings adds only what the effective number ``k / (1 + (k - 1) r)`` grows by. For equally correlated
normal scores of equal strength that is exact; all possibles together never say more than ``1 / r`` of one.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

CORRELATION = 0.73
"""Within-pair correlation of different voices' scores over a singer's recordings.

Measured on rendered singing against sung and spoken references: 0.72 and 0.74 (`make eval-voices`)."""

MISSED = 0.4
"""Share of an artist's own tracks below ``possible``.

On rendered singing 0.21 were, a quarter under a band; nobody has measured it on clones as they are uploaded.
Too small a share lets three tracks that pass clear four that resemble."""

STRONGEST = 4.4
"""Log likelihood ratio of a track at the threshold of a match, where its finding does not say."""

_NOT_LISTED = math.log(MISSED / 0.99)
_SHARES = tuple((step + 0.5) / 10 for step in range(10))


@dataclass(frozen=True)
class Heard:
    """One recording. ``log_ratio`` is None where the artist was below ``possible`` or a person cleared it."""

    log_ratio: float | None


@dataclass(frozen=True)
class Together:
    """``probability`` is the posterior that some of the account is in the artist's voice, at ``prior``."""

    recordings: int
    resembling: int
    log_ratio: float
    probability: float


def together(heard: Iterable[Heard], *, prior: float) -> Together:
    """Weigh an account's recordings; ``prior`` is strictly between 0 and 1."""
    all_heard = tuple(heard)
    ratios = sorted((one.log_ratio for one in all_heard if one.log_ratio is not None), reverse=True)
    without = len(all_heard) - len(ratios)
    likely = [_log_ratio(ratios, without, share) for share in _SHARES]
    highest = max(likely)
    ratio = highest + math.log(math.fsum(math.exp(one - highest) for one in likely) / len(likely))
    odds = ratio + math.log(prior / (1.0 - prior))
    return Together(len(all_heard), len(ratios), ratio, 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, odds)))))


def _log_ratio(strongest_first: list[float], without: int, share: float) -> float:
    against = without * math.log1p(share * math.expm1(_NOT_LISTED))
    return against + math.fsum(
        (_effective(place) - _effective(place - 1)) * math.log1p(share * math.expm1(ratio))
        for place, ratio in enumerate(strongest_first, start=1)
    )


def _effective(count: int) -> float:
    return count / (1 + (count - 1) * CORRELATION)
