"""Conditions as the engine runs them: every dotted name is one plain variable.

Handing the engine whole records costs more than evaluating a hundred rules on them, so ``ai.verdict`` becomes
the variable of its slot, and only the values that a policy looks at are handed over. The meaning stays: a
name that leads through something absent has no variable, and the engine fails on it as on the record.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from services.policy.expressions.syntax import parse
from services.policy.expressions.tree import Call, Expression, Member, Name, children, dotted_name

_BINDING = frozenset({"exists", "all", "exists_one", "filter", "map"})
_BINDS_AND_MORE = 2


@dataclass
class Slots:
    """A number for every name that a policy looks at, in order of appearance."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, dotted: str) -> int:
        return self.numbers.setdefault(dotted, len(self.numbers))


def variable(slot: int) -> str:
    return f"__{slot}"


def flattened(text: str, slot_of: Callable[[str], int | None]) -> tuple[str, tuple[int, ...]]:
    """The condition over slots, and the slots it looks at; names that ``slot_of`` does not know stay."""
    pieces: list[str] = []
    seen: dict[int, None] = {}
    at = 0
    for start, end, dotted in _names(parse(text), frozenset()):
        slot = slot_of(dotted)
        if slot is None:
            continue
        pieces += [text[at:start], variable(slot)]
        seen[slot] = None
        at = end
    return "".join([*pieces, text[at:]]), tuple(seen)


def _names(tree: Expression, bound: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Dotted names with their places, in order; not those of a comprehension's own variable."""
    dotted = dotted_name(tree)
    if dotted is not None:
        if dotted.split(".")[0] not in bound:
            yield tree.start, tree.end, dotted
        return
    if isinstance(tree, Call):
        yield from _in_call(tree, bound)
        return
    for child in sorted(children(tree), key=lambda node: node.start):
        yield from _names(child, bound)


def _in_call(tree: Call, bound: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    if tree.target is not None:
        yield from _names(tree.target, bound)
    arguments = tree.arguments
    if tree.function in _BINDING and len(arguments) >= _BINDS_AND_MORE and isinstance(arguments[0], Name):
        bound, arguments = bound | {arguments[0].name}, arguments[1:]
    for argument in arguments:
        if tree.function == "has" and isinstance(argument, Member):
            yield from _names(argument.target, bound)
        else:
            yield from _names(argument, bound)
