"""Statements of reasons (DSA Art. 17) as a by-product of each restricting decision.

Fields and enumerations are those of the Commission's DSA Transparency Database (its API for platforms,
github.com/digital-services-act/transparency-database). The texts come from a file and name nobody.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from shared.events import DecisionMade, Outcome, TrackUploaded

FILE = Path(__file__).parent / "policies" / "statements.yaml"
# The European Economic Area, where the database takes statements for: the 27 member states and three more.
EEA = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
    "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
IMPOSED = frozenset({"detected", "both", "review"})
_VISIBILITY = {
    Outcome.LABEL: "DECISION_VISIBILITY_CONTENT_LABELLED",
    Outcome.QUARANTINE: "DECISION_VISIBILITY_CONTENT_DISABLED",
    Outcome.REJECT: "DECISION_VISIBILITY_CONTENT_REMOVED",
}
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Statement(BaseModel):
    """A statement as the Transparency Database takes it; anything else is refused before it gets there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision_visibility: Annotated[
        tuple[
            Literal[
                "DECISION_VISIBILITY_CONTENT_REMOVED",
                "DECISION_VISIBILITY_CONTENT_DISABLED",
                "DECISION_VISIBILITY_CONTENT_LABELLED",
            ],
            ...,
        ],
        Field(min_length=1),
    ]
    end_date_visibility_restriction: Day | None = None
    decision_ground: Literal["DECISION_GROUND_INCOMPATIBLE_CONTENT"] = "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    incompatible_content_ground: Annotated[str, Field(min_length=1, max_length=500)]
    incompatible_content_explanation: Annotated[str, Field(min_length=1, max_length=2000)]
    incompatible_content_illegal: Literal["No"] = "No"
    category: Literal[
        "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
    ]
    category_specification: tuple[
        Literal["KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING", "KEYWORD_COPYRIGHT_INFRINGEMENT"], ...
    ] = ()
    content_type: Annotated[
        tuple[Literal["CONTENT_TYPE_AUDIO", "CONTENT_TYPE_SYNTHETIC_MEDIA"], ...], Field(min_length=1)
    ]
    territorial_scope: Annotated[tuple[str, ...], Field(min_length=1)]
    content_date: Day
    application_date: Day
    decision_facts: Annotated[str, Field(min_length=1, max_length=5000)]
    source_type: Literal["SOURCE_VOLUNTARY"] = "SOURCE_VOLUNTARY"
    automated_detection: Literal["Yes", "No"] = "Yes"
    automated_decision: Literal[
        "AUTOMATED_DECISION_FULLY", "AUTOMATED_DECISION_PARTIALLY", "AUTOMATED_DECISION_NOT_AUTOMATED"
    ]
    puid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,500}$")]


class Wording(BaseModel):
    """What is said for a reason code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: str
    keyword: str | None = None
    synthetic: bool = False
    clause: Annotated[str, Field(max_length=500)]
    explanation: Annotated[str, Field(max_length=2000)]
    facts: Annotated[str, Field(max_length=1500)]


class Wordings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Wording
    reasons: dict[str, Wording]

    def of(self, code: str) -> Wording:
        return self.reasons.get(code, self.default)


@cache
def wordings() -> Wordings:
    return Wordings.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def statement_of(decision: DecisionMade, upload: TrackUploaded) -> dict[str, Any] | None:
    """The statement for a decision that restricts, by the reason that weighs most; None for any other.

    Publishing restricts nothing, and neither do labels that the distributor itself asked for (declared,
    licensed). A delivery for no territory of the EEA concerns no recipient there.
    """
    scope = _scope(upload.declaration.territories)
    if not _restricts(decision) or not scope:
        return None
    said = [wordings().of(code) for code in _telling(decision)]
    first = said[0]
    synthetic = any(wording.synthetic for wording in said)
    ends = [label.expires_at for label in decision.labels if label.expires_at is not None]
    statement = Statement.model_validate(
        {
            "decision_visibility": (_VISIBILITY[decision.outcome],),
            "end_date_visibility_restriction": f"{max(ends):%Y-%m-%d}"
            if ends and decision.outcome is Outcome.LABEL and len(ends) == len(decision.labels)
            else None,
            "incompatible_content_ground": first.clause,
            "incompatible_content_explanation": first.explanation,
            "category": first.category,
            "category_specification": (first.keyword,) if first.keyword else (),
            "content_type": (
                "CONTENT_TYPE_AUDIO",
                *(("CONTENT_TYPE_SYNTHETIC_MEDIA",) if synthetic else ()),
            ),
            "territorial_scope": scope,
            "content_date": f"{upload.received_at:%Y-%m-%d}",
            "application_date": f"{decision.occurred_at:%Y-%m-%d}",
            "decision_facts": " ".join(dict.fromkeys(wording.facts for wording in said)),
            "automated_decision": _automation(decision),
            "puid": decision.event_id,
        }
    )
    return statement.model_dump(mode="json", exclude_none=True)


def _restricts(decision: DecisionMade) -> bool:
    if decision.outcome is Outcome.LABEL:
        return any(label.basis in IMPOSED for label in decision.labels)
    return decision.outcome in _VISIBILITY


def _telling(decision: DecisionMade) -> list[str]:
    """The reasons that the statement rests on: those with a wording of their own, else what there is."""
    codes = [reason.code for reason in decision.reasons]
    worded = [code for code in codes if code in wordings().reasons]
    ordered = sorted(worded, key=lambda code: wordings().of(code).keyword is None)
    return list(dict.fromkeys(ordered)) or codes[:1] or ["default"]


def _scope(territories: tuple[str, ...]) -> tuple[str, ...]:
    return EEA if "Worldwide" in territories else tuple(code for code in EEA if code in territories)


def _automation(decision: DecisionMade) -> str:
    if not decision.automated:
        return "AUTOMATED_DECISION_NOT_AUTOMATED"
    stated = any(label.basis == "review" for label in decision.labels)
    return "AUTOMATED_DECISION_PARTIALLY" if stated else "AUTOMATED_DECISION_FULLY"
