"""What a policy sees of an input: the values of the names that it looks at, for the engine and for people."""

from functools import cache
from operator import attrgetter
from typing import Any

import cel
from pydantic import BaseModel

from services.policy.compiled import Group, Policy
from services.policy.expressions.flat import variable
from services.policy.inputs import AI_DETECTOR, FINGERPRINT, VOICE_MATCHER, PolicyInput
from services.policy.texts import ABSENT, shown

_getter = cache(attrgetter)


class Sight:
    """Values by slot. ``words`` are the same as a person reads them. Elements of lists come and go."""

    def __init__(self, policy: Policy, given: PolicyInput) -> None:
        ai, voice = given.finding(AI_DETECTOR), given.finding(VOICE_MATCHER)
        fingerprint = given.finding(FINGERPRINT)
        self.evidence = (
            ("ai", ai.evidence),
            ("voice", voice.evidence),
            ("fingerprint", fingerprint.evidence),
            ("provenance", ai.evidence),
        )
        roots: dict[str, Any] = {
            "declaration": given.declaration,
            "audio": given.audio,
            "distributor": given.distributor,
            "ai": ai,
            "voice": voice,
            "fingerprint": fingerprint,
            "findings": given.findings,
            "matches": given.matches,
            "claims": given.claims,
            "copies": given.copies,
            "patterns": given.patterns,
            "provenance": given.provenance,
            "evaluated_at": given.evaluated_at,
        }
        self._shown_names = policy.shown_names
        self.words: list[str] = []
        values: dict[str, Any] = {}
        for slot, name in enumerate(policy.names):
            root, _, rest = name.partition(".")
            value = _under(roots[root], rest) if root in roots else ABSENT
            self.words.append(shown(value))
            if value is not ABSENT:
                values[variable(slot)] = _plain(value)
        self._values = values
        self.context = cel.Context(variables=values)

    def facts(self, slots: tuple[int, ...]) -> str:
        """``ai.verdict is match, audio.seconds is 10``."""
        if len(slots) == 1:
            return f"{self._shown_names[slots[0]]} is {self.words[slots[0]]}"
        return ", ".join([f"{self._shown_names[slot]} is {self.words[slot]}" for slot in slots])

    def turn_to(self, group: Group, element: BaseModel) -> None:
        """Look at this element of the group's list. What another element had and this one lacks is gone."""
        lacking = False
        for slot, rest in group.own_slots:
            value = _under(element, rest)
            self.words[slot] = shown(value)
            if value is ABSENT:
                lacking = self._values.pop(variable(slot), None) is not None or lacking
            else:
                self._values[variable(slot)] = plain = _plain(value)
                self.context.add_variable(variable(slot), plain)
        if lacking:
            self.context = cel.Context(variables=self._values)


def _under(root: Any, rest: str) -> Any:
    if not rest:
        return root
    try:
        return _getter(rest)(root)
    except AttributeError:
        return ABSENT


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="python")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
