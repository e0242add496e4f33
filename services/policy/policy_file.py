"""What a policy file says, as typed values. Its meaning is in ``compiled`` and ``evaluate``.

A file is an ordered list of rules. Every rule that matches contributes its reason, its labels and its
priority; the most restrictive outcome among them stands (reject, then quarantine, label, publish). The order
of the rules is the order of the reasons, nothing else.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.events import Outcome

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
Sentence = Annotated[str, StringConstraints(min_length=10, max_length=2000, strip_whitespace=True)]
Priority = Annotated[int, Field(ge=0, le=100)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelUse(_Written):
    """A label that a rule attaches, and what it rests on."""

    code: Code
    basis: Annotated[str, Field(pattern="^(declared|detected|both|licensed)$")]


class Then(_Written):
    """What a matching rule says.

    ``priority`` is added to the track's review priority. A ``final`` rule that matches sets every other rule
    aside, and no review overrides it; only a rule that holds the track can be final.
    """

    outcome: Outcome
    reason: Code
    text: Sentence
    labels: tuple[LabelUse, ...] = ()
    priority: Priority = 0
    final: bool = False


class Rule(_Written):
    """``for_each`` ("match in matches") evaluates the rule once for every element, with a reason for each."""

    id: RuleId
    why: Sentence
    for_each: str | None = None
    when: Annotated[str, StringConstraints(min_length=1, strip_whitespace=False)]
    then: Then


class Otherwise(_Written):
    """What is said when no rule matches; it must hold the track."""

    outcome: Outcome
    reason: Code
    text: Sentence
    priority: Priority = 0


class PolicyFile(_Written):
    """``review_from``: a track that no rule holds is held when its priority adds up to this or more."""

    name: RuleId
    about: Sentence
    review_from: Annotated[int, Field(ge=1, le=101)]
    rules: tuple[Rule, ...]
    otherwise: Otherwise


class LabelText(_Written):
    """A label as listeners read it, by language, and what it is in the industry's vocabularies.

    ``role_credits``: the credits that are declared as generated go with it, role by role.
    """

    text: dict[Language, Annotated[str, StringConstraints(min_length=3, max_length=200)]]
    ddex_contains_ai: Annotated[str | None, Field(pattern="^(All|Partly|None)$")] = None
    role_credits: bool = False
    apple_tags: tuple[Annotated[str, Field(pattern="^(Artwork|Track|Composition|Music Video)$")], ...] = ()
    about: Sentence


class LabelFile(_Written):
    """``language`` is the one that decisions are written in; every label has a text in it."""

    language: Language
    labels: dict[Code, LabelText]

    def text(self, code: str) -> str | None:
        """The label's text in the file's language; None for a code the file does not know."""
        label = self.labels.get(code)
        return label.text.get(self.language) if label is not None else None
