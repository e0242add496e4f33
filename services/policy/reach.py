"""Rules that can never match, and policies that could release a track despite a failed finding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import cel

from services.policy.expressions.syntax import SyntaxFault, conjuncts, parse
from services.policy.expressions.tree import Expression, ListOf, Literal, Operation, dotted_name, paths
from services.policy.expressions.types import Type
from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER
from services.policy.policy_file import PolicyFile, Rule
from services.policy.vocabulary import FindingState
from shared.events import Outcome

FAILED = (FindingState.ERROR, FindingState.MISSING)


@dataclass(frozen=True)
class _Allowed:
    """What a chain of ``&&`` leaves of one name: the values it may have, and the numbers it lies between."""

    values: frozenset[str] | None = None
    low: float = float("-inf")
    low_open: bool = False
    high: float = float("inf")
    high_open: bool = False

    @property
    def empty(self) -> bool:
        if self.values is not None and not self.values:
            return True
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))


def contradiction(when: str, names: Mapping[str, Type]) -> str | None:
    """The name that no value could satisfy the condition for; None where none is found.

    Sound and not complete: what it names is impossible, and it understands comparisons of a name with a
    literal, joined by ``&&``.
    """
    allowed: dict[str, _Allowed] = {}
    for text in conjuncts(when):
        tree = parse(text)
        if isinstance(tree, Literal) and tree.kind == "bool" and tree.text == "false":
            return "it says false"
        for name, narrowed in _narrowed(tree, allowed, names):
            allowed[name] = narrowed
            if narrowed.empty:
                return f"no value of `{name}` satisfies all of it"
    return None


def _narrowed(
    tree: Expression, allowed: Mapping[str, _Allowed], names: Mapping[str, Type]
) -> Iterator[tuple[str, _Allowed]]:
    positive = True
    while isinstance(tree, Operation) and tree.operator == "!_":
        positive, tree = not positive, tree.operands[0]
    name = dotted_name(tree)
    if name is not None:
        yield name, _within(allowed.get(name), {"true" if positive else "false"})
        return
    if not isinstance(tree, Operation) or len(tree.operands) != 2:  # noqa: PLR2004 - left and right
        return
    left, right = tree.operands
    name, operator = dotted_name(left), tree.operator
    if name is None:
        name, left, right = dotted_name(right), right, left
        operator = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
        if operator == "in":
            return
    if name is None:
        return
    known = allowed.get(name) or _Allowed(values=_values_of(name, names))
    if operator == "in" and isinstance(right, ListOf) and _words(right.items):
        yield name, _cut(known, _words(right.items), keep=positive)
    elif operator in {"==", "!="} and isinstance(right, Literal) and right.kind in {"string", "bool"}:
        yield name, _cut(known, {right.text}, keep=(operator == "==") is positive)
    elif positive and isinstance(right, Literal) and right.kind in {"int", "double"}:
        yield name, _between(known, operator, float(right.text))


def _words(items: tuple[Expression, ...]) -> set[str]:
    words = {item.text for item in items if isinstance(item, Literal) and item.kind == "string"}
    return words if len(words) == len(items) else set()


def _within(known: _Allowed | None, words: set[str]) -> _Allowed:
    return _cut(known or _Allowed(values=frozenset({"true", "false"})), words, keep=True)


def _cut(known: _Allowed, words: set[str], *, keep: bool) -> _Allowed:
    if keep:
        return _Allowed(frozenset(words) if known.values is None else known.values & words)
    return known if known.values is None else _Allowed(known.values - words)


def _between(known: _Allowed, operator: str, number: float) -> _Allowed:
    low, low_open, high, high_open = known.low, known.low_open, known.high, known.high_open
    if operator in {">", ">=", "=="} and (number, operator == ">") > (low, low_open):
        low, low_open = number, operator == ">"
    if operator in {"<", "<=", "=="} and (number, operator != "<") < (high, not high_open):
        high, high_open = number, operator == "<"
    return _Allowed(known.values, low, low_open, high, high_open)


def _values_of(name: str, names: Mapping[str, Type]) -> frozenset[str] | None:
    """The values of an enumeration, or of a flag; None for what can be anything."""
    root, *rest = name.split(".")
    found = names.get(root)
    for part in rest:
        found = found.field(part) if found is not None and found.kind == "record" else None
    if found is None or found.nullable:
        return None
    if found.kind == "bool":
        return frozenset({"true", "false"})
    return frozenset(found.values) if found.values else None


def shadowed_by(rules: tuple[Rule, ...]) -> Iterator[tuple[int, int]]:
    """Pairs of places: a rule, and an earlier final one whose conditions it repeats: it never counts."""
    parts = [_parts(rule) for rule in rules]
    for later, rule in enumerate(rules):
        for earlier in range(later):
            final = rules[earlier]
            same = final.then.final and not rule.then.final and final.for_each == rule.for_each
            if same and parts[earlier] and parts[earlier] <= parts[later]:
                yield later, earlier
                break


def _parts(rule: Rule) -> frozenset[str]:
    try:
        return frozenset(" ".join(text.split()) for text in conjuncts(rule.when))
    except SyntaxFault:
        return frozenset()


def released_despite_failure(file: PolicyFile) -> str | None:
    """A failed or missing required finding that some other verdict, and nothing else, would let out; or None.

    Every combination of verdicts with a failure in it must be held by a rule that looks at verdicts alone, so
    that nothing else about a track can undo it. ``otherwise`` holds, but only where no rule at all matches.
    """
    holding = [_looks_at_verdicts(rule) for rule in file.rules if rule.then.outcome is Outcome.QUARANTINE]
    programs = [found for found in holding if found is not None]
    for ai, voice in product(FindingState, FindingState):
        if ai not in FAILED and voice not in FAILED:
            continue
        if not any(_holds(program, each, ai, voice) for program, each in programs):
            return f"AI detector {ai.value}, voice matcher {voice.value}"
    return None


def _looks_at_verdicts(rule: Rule) -> tuple[cel.Program, str | None] | None:
    each: str | None = None
    allowed = {"ai.verdict", "voice.verdict"}
    if rule.for_each is not None:
        variable, _, collection = rule.for_each.partition(" in ")
        if collection.strip() != "findings":
            return None
        each = variable.strip()
        allowed = {*allowed, f"{each}.verdict", f"{each}.required"}
    try:
        looked_at = set(paths(parse(rule.when)))
        return (cel.compile(rule.when), each) if looked_at and looked_at <= allowed else None
    except ValueError:
        return None


def _holds(program: cel.Program, each: str | None, ai: FindingState, voice: FindingState) -> bool:
    findings = [
        {"detector": AI_DETECTOR, "verdict": ai.value, "required": True},
        {"detector": VOICE_MATCHER, "verdict": voice.value, "required": True},
    ]
    for finding in findings if each is not None else findings[:1]:
        scope = {"ai": findings[0], "voice": findings[1]}
        if each is not None:
            scope[each] = finding
        try:
            if program.execute(cel.Context(variables=scope)) is True:
                return True
        except Exception:  # noqa: BLE001, S112 - a rule that fails on it holds nothing that can be relied on
            continue
    return False
