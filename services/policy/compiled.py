"""A policy that is ready to decide: checked, with every condition compiled once, named by its content."""

import hashlib
import json
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cel

from services.policy.checker import check_labels, check_policy
from services.policy.expressions.flat import Slots, flattened
from services.policy.expressions.syntax import conjuncts, parse
from services.policy.expressions.tree import Name, Operation
from services.policy.inputs import RuleScope
from services.policy.policy_file import LabelFile, PolicyFile, Rule
from services.policy.source_map import Problem
from services.policy.texts import pieces
from shared.errors import SettingsError

HERE = Path(__file__).parent / "policies"
DEFAULT_POLICY = HERE / "default.yaml"
DEFAULT_LABELS = HERE / "labels.yaml"


class PolicyInvalid(SettingsError):
    """A policy or label file has mistakes; the message lists each with file, line and column."""

    def __init__(self, file: str, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(problem.shown(file) for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Condition:
    """One of the parts that ``&&`` joins, and the slots of the names that it looks at."""

    text: str
    flat: str
    program: cel.Program
    slots: tuple[int, ...]


@dataclass(frozen=True)
class Each:
    """The rule is evaluated for every element of ``collection``, which it calls ``variable``."""

    variable: str
    collection: str


@dataclass(frozen=True)
class CompiledRule:
    """``slots`` are those of all conditions, ``subjects`` the roots of their names.

    ``text`` is the reason's, taken apart at its places.
    """

    rule: Rule
    each: Each | None
    conditions: tuple[Condition, ...]
    slots: tuple[int, ...]
    subjects: frozenset[str]
    text: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Where the evaluation of a rule ends: at a condition that does not hold, or (None) with all of them.

    ``only`` is the slot where there is no other. ``said`` keeps what was said there: the same words in sight
    give the same sentence.
    """

    rule: CompiledRule
    condition: Condition | None
    slots: tuple[int, ...]
    only: int | None
    said: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated together, once or for every element of a list.

    ``program`` gives, for each rule, how many of its conditions hold before the first that does not; it fails
    as a whole where one of them fails, and then each is looked at by itself. ``rules`` are places in the
    policy; ``steps`` are, for each rule, where that number leads.
    ``own_slots`` are the names that begin with the element's variable.
    """

    each: Each | None
    rules: tuple[int, ...]
    steps: tuple[tuple[Step, ...], ...] = field(repr=False)
    program: cel.Program
    own_slots: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Policy:
    """``version`` is the file's name and the hash of what the policy and its labels say, comments aside.

    ``names`` are the dotted names that the policy looks at, by slot. ``source`` are the two texts.
    """

    version: str
    file: PolicyFile
    labels: LabelFile
    rules: tuple[CompiledRule, ...]
    groups: tuple[Group, ...] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    shown_names: tuple[str, ...] = field(repr=False)
    source: tuple[str, str] = field(repr=False)


def load_policy(policy: Path = DEFAULT_POLICY, labels: Path = DEFAULT_LABELS) -> Policy:
    """Read, check and compile both files.

    Raises:
        PolicyInvalid: with every mistake.
        SettingsError: a file cannot be read.
    """
    return compile_policy(
        read_file(policy), read_file(labels), policy_name=str(policy), labels_name=str(labels)
    )


def compile_policy(
    policy_text: str, labels_text: str, *, policy_name: str = "policy.yaml", labels_name: str = "labels.yaml"
) -> Policy:
    """The same from texts; the names are for messages."""
    labels, label_problems = check_labels(labels_text)
    if labels is None or label_problems:
        raise PolicyInvalid(labels_name, label_problems)
    file, problems = check_policy(policy_text, labels)
    if file is None or problems:
        raise PolicyInvalid(policy_name, problems)
    slots = Slots()
    rules = tuple(_compile_rule(rule, slots) for rule in file.rules)
    return Policy(
        version=version_of(file, labels),
        file=file,
        labels=labels,
        rules=rules,
        groups=_groups(rules, slots),
        names=tuple(slots.numbers),
        shown_names=tuple(re.sub(r"@\w+", "", name) for name in slots.numbers),
        source=(policy_text, labels_text),
    )


def version_of(file: PolicyFile, labels: LabelFile) -> str:
    said = json.dumps(
        [file.model_dump(mode="json"), labels.model_dump(mode="json")],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return f"{file.name}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def each_of(for_each: str) -> Each | None:
    """``match in matches``; None for anything else."""
    match parse(for_each):
        case Operation(operator="in", operands=(Name(name=name), Name(name=collection))):
            return Each(name, collection)
        case _:
            return None


def _compile_rule(rule: Rule, slots: Slots) -> CompiledRule:
    each = each_of(rule.for_each) if rule.for_each is not None else None
    roots = {*RuleScope.model_fields, *((each.variable,) if each is not None else ())}

    def slot_of(dotted: str) -> int | None:
        return slots.of(_slot_name(dotted, each)) if dotted.split(".", maxsplit=1)[0] in roots else None

    conditions = []
    for text in conjuncts(rule.when):
        flat, looked_at = flattened(text, slot_of)
        conditions.append(Condition(" ".join(text.split()), flat, cel.compile(flat), looked_at))
    numbers = {number: name for name, number in slots.numbers.items()}
    all_slots = tuple(dict.fromkeys(slot for condition in conditions for slot in condition.slots))
    return CompiledRule(
        rule=rule,
        each=each,
        conditions=tuple(conditions),
        slots=all_slots,
        subjects=frozenset(numbers[slot].split(".")[0] for slot in all_slots),
        text=pieces(rule.then.text, slot_of),
    )


def _slot_name(dotted: str, each: Each | None) -> str:
    """Elements of different lists may be called the same in different rules: ``item@matches.score``."""
    root, dot, rest = dotted.partition(".")
    return f"{root}@{each.collection}{dot}{rest}" if each is not None and root == each.variable else dotted


def _groups(rules: Sequence[CompiledRule], slots: Slots) -> tuple[Group, ...]:
    by_each: dict[Each | None, list[int]] = {}
    for index, rule in enumerate(rules):
        by_each.setdefault(rule.each, []).append(index)
    return tuple(
        Group(
            each=each,
            rules=tuple(members),
            steps=tuple(_steps(rules[index]) for index in members),
            program=cel.compile(f"[{','.join(_counting(rules[index].conditions) for index in members)}]"),
            own_slots=_own_slots(each, slots),
        )
        for each, members in by_each.items()
    )


def _step(rule: CompiledRule, condition: Condition | None, slots: tuple[int, ...]) -> Step:
    return Step(rule, condition, slots, only=slots[0] if len(slots) == 1 else None)


def _steps(rule: CompiledRule) -> tuple[Step, ...]:
    return (
        *(_step(rule, condition, condition.slots) for condition in rule.conditions),
        _step(rule, None, rule.slots),
    )


def _own_slots(each: Each | None, slots: Slots) -> tuple[tuple[int, str], ...]:
    if each is None:
        return ()
    own = f"{each.variable}@{each.collection}"
    return tuple(
        (slot, name.removeprefix(own).removeprefix("."))
        for name, slot in slots.numbers.items()
        if name == own or name.startswith(f"{own}.")
    )


def _counting(conditions: Sequence[Condition]) -> str:
    """``a && b`` as ``(a) ? (b) ? 2 : 1 : 0``."""
    counted = str(len(conditions))
    for number, condition in reversed(list(enumerate(conditions))):
        counted = f"(({condition.flat}\n) ? {counted} : {number})"
    return counted


def read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise SettingsError(f"{path} cannot be read: {why}") from error
