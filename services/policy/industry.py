"""A decision's labels in the words of DDEX, Spotify and Apple."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.policy.facts import DeclarationFacts
from services.policy.policy_file import LabelFile
from shared.events import AiUse, Label

# Spotify takes AI credits for these roles, and only where the role is wholly generated.
CREDITED_ROLES = ("Lyricist", "Vocalist", "Instrumentalist", "Producer")
# DDEX contributor roles that are one of them under another name.
_ROLES = {
    "lyricist": "Lyricist",
    "author": "Lyricist",
    "librettist": "Lyricist",
    "vocalist": "Vocalist",
    "mainvocalist": "Vocalist",
    "backgroundvocalist": "Vocalist",
    "singer": "Vocalist",
    "rapper": "Vocalist",
    "instrumentalist": "Instrumentalist",
    "musician": "Instrumentalist",
    "associatedperformer": "Instrumentalist",
    "producer": "Producer",
    "studioproducer": "Producer",
}
_COMPOSING = frozenset({"composer", "composerlyricist", "lyricist", "author", "librettist", "songwriter"})
_STRONGEST = ("None", "Partly", "All")


@dataclass(frozen=True)
class RoleCredit:
    """DDEX ``Contributor`` with ``AiContribution``; ``platform_role`` where platforms credit it."""

    role: str
    ai_contribution: str
    platform_role: str | None


@dataclass(frozen=True)
class IndustryWords:
    """``contains_ai`` is None where the labels state nothing about it: undeclared is not ``None``."""

    contains_ai: str | None
    role_credits: tuple[RoleCredit, ...]
    apple_tags: tuple[str, ...]


def in_industry_words(
    labels: Sequence[Label], declaration: DeclarationFacts, file: LabelFile
) -> IndustryWords:
    """What a deliverer or a store is told. Only what was declared is: a detection is no declaration."""
    known = [file.labels[label.code] for label in labels if label.code in file.labels]
    stated = [text.ddex_contains_ai for text in known if text.ddex_contains_ai is not None]
    generated = [credit for credit in declaration.credits if credit.ai_use in {AiUse.PARTLY, AiUse.ALL}]
    credits_ = tuple(
        RoleCredit(
            role=credit.role,
            ai_contribution="All" if credit.ai_use is AiUse.ALL else "Partly",
            platform_role=_ROLES.get(_plain(credit.role)) if credit.ai_use is AiUse.ALL else None,
        )
        for credit in generated
        if any(text.role_credits for text in known)
    )
    tags = [tag for text in known for tag in text.apple_tags]
    if tags and any(_plain(credit.role) in _COMPOSING for credit in credits_):
        tags.append("Composition")
    return IndustryWords(
        contains_ai=max(stated, key=_STRONGEST.index, default=None),
        role_credits=credits_,
        apple_tags=tuple(dict.fromkeys(tags)),
    )


def _plain(role: str) -> str:
    return re.sub(r"[^a-z]", "", role.casefold())
