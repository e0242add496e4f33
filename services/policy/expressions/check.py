"""Type checking of rule expressions: what the engine would only find out, or quietly get wrong, at run time.

CEL compares values of different types without complaint (``3 == 'a'`` is false) and meets a misspelt field
only when it gets there. Here both are mistakes of the file, with the nearest name that exists.
"""

from collections.abc import Mapping
from dataclasses import replace

from services.policy.expressions.faults import Fault, nearest
from services.policy.expressions.tree import (
    Call,
    Expression,
    Index,
    ListOf,
    Literal,
    Member,
    Name,
    Operation,
    dotted_name,
)
from services.policy.expressions.types import (
    ANY,
    BOOL,
    DOUBLE,
    INT,
    NULL,
    NUMBERS,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
)

_COMPREHENSIONS = {"exists": BOOL, "all": BOOL, "exists_one": BOOL, "filter": None, "map": None}
_STRING_TESTS = frozenset({"startsWith", "endsWith", "contains", "matches"})
_CONVERSIONS = {"int": INT, "double": DOUBLE, "string": STRING, "timestamp": TIMESTAMP}
_FUNCTIONS = ("has", "size", *_CONVERSIONS)
_METHODS = ("size", *_STRING_TESTS, *_COMPREHENSIONS)
_LITERALS = {"string": STRING, "int": INT, "double": DOUBLE, "bool": BOOL, "null": NULL}


def check(
    tree: Expression, names: Mapping[str, Type], *, null_matters: bool = True
) -> tuple[Type, tuple[Fault, ...]]:
    """The type of the expression, and what is wrong with it in order of place.

    ``null_matters=False`` is for texts, where what is absent reads "unknown".
    """
    checker = _Checker(null_matters=null_matters)
    found = checker.type_of(tree, names)
    return found, tuple(sorted(checker.faults, key=lambda fault: fault.at))


def _proven_not_null(tree: Expression) -> frozenset[str]:
    match tree:
        case Operation(operator="&&", operands=(left, right)):
            return _proven_not_null(left) | _proven_not_null(right)
        case Operation(operator="!=", operands=(left, Literal(kind="null"))):
            name = dotted_name(left)
            return frozenset({name}) if name is not None else frozenset()
        case _:
            return frozenset()


class _Checker:
    def __init__(self, *, null_matters: bool) -> None:
        self._null_matters = null_matters
        self.faults: list[Fault] = []
        self._not_null: frozenset[str] = frozenset()

    def fault(self, at: int, message: str) -> Type:
        self.faults.append(Fault(at, message))
        return ANY

    def type_of(self, tree: Expression, names: Mapping[str, Type]) -> Type:
        found = self._type_of(tree, names)
        return replace(found, nullable=False) if dotted_name(tree) in self._not_null else found

    def _type_of(self, tree: Expression, names: Mapping[str, Type]) -> Type:  # noqa: PLR0911 - one case a node
        match tree:
            case Literal(kind=kind):
                return _LITERALS[kind]
            case Name(name=name):
                known = names.get(name)
                return known or self.fault(tree.start, f"`{name}` is not known{nearest(name, names)}")
            case Member():
                return self._member(tree, names)
            case Index(target=target, index=index):
                return self._index(tree, self.type_of(target, names), self.type_of(index, names))
            case ListOf(items=items):
                found = [self.type_of(item, names) for item in items]
                return list_of(found[0] if len({item.kind for item in found}) == 1 else ANY)
            case Call():
                return self._call(tree, names)
            case Operation(operator="&&", operands=(left, right)):
                return self._both(left, right, names)
            case Operation():
                return self._operation(tree, names)

    def _both(self, left: Expression, right: Expression, names: Mapping[str, Type]) -> Type:
        """``x != null && x > 0.5``: on the right, what the left says is not null is not."""
        self._want("bool", self.type_of(left, names), left.start)
        before = self._not_null
        self._not_null = before | _proven_not_null(left)
        self._want("bool", self.type_of(right, names), right.start)
        self._not_null = before
        return BOOL

    def _member(self, tree: Member, names: Mapping[str, Type]) -> Type:
        target = self.type_of(tree.target, names)
        if target.kind == "any":
            return ANY
        if target.kind != "record":
            return self.fault(tree.name_at, f"{target.described} has no field `{tree.name}`")
        if target.nullable and self._null_matters:
            self.fault(tree.name_at, "this may be null; test it first: `… != null && …`")
        found = target.field(tree.name)
        if found is None:
            known = [name for name, _ in target.fields]
            return self.fault(tree.name_at, f"there is no field `{tree.name}`{nearest(tree.name, known)}")
        return found

    def _index(self, tree: Index, target: Type, index: Type) -> Type:
        if target.kind not in {"list", "any"}:
            return self.fault(tree.start, f"{target.described} cannot be indexed")
        if index.kind not in {"int", "any"}:
            self.fault(tree.index.start, f"a list is indexed by an int, not by {index.described}")
        return target.element or ANY

    def _call(self, tree: Call, names: Mapping[str, Type]) -> Type:
        if tree.target is None:
            return self._function(tree, names)
        target = self.type_of(tree.target, names)
        if tree.function in _COMPREHENSIONS:
            return self._comprehension(tree, target, names)
        arguments = [self.type_of(argument, names) for argument in tree.arguments]
        if tree.function in _STRING_TESTS:
            self._want("string", target, tree.target.start)
            for given, argument in zip(arguments, tree.arguments, strict=True):
                self._want("string", given, argument.start)
            self._count(tree, 1)
            return BOOL
        if tree.function == "size":
            self._count(tree, 0)
            return self._size(target, tree.target.start)
        return self.fault(
            tree.name_at, f"there is no method `{tree.function}`{nearest(tree.function, _METHODS)}"
        )

    def _function(self, tree: Call, names: Mapping[str, Type]) -> Type:
        arguments = [self.type_of(argument, names) for argument in tree.arguments]
        if tree.function not in _FUNCTIONS:
            near = nearest(tree.function, _FUNCTIONS)
            return self.fault(tree.name_at, f"there is no function `{tree.function}`{near}")
        self._count(tree, 1)
        if tree.function == "has":
            return BOOL
        if tree.function == "size":
            return self._size(arguments[0], tree.arguments[0].start) if arguments else INT
        return _CONVERSIONS[tree.function]

    def _size(self, given: Type, at: int) -> Type:
        """CEL counts a string's characters and the engine counts its bytes: not to be relied on."""
        if given.kind not in {"list", "any"}:
            self.fault(at, f"`size` is for lists, not for {given.described}")
        return INT

    def _comprehension(self, tree: Call, target: Type, names: Mapping[str, Type]) -> Type:
        self._count(tree, 2)
        if target.kind not in {"list", "any"}:
            return self.fault(tree.name_at, f"`{tree.function}` needs a list, not {target.described}")
        if len(tree.arguments) != 2 or not isinstance(tree.arguments[0], Name):  # noqa: PLR2004 - variable and body
            return ANY
        inner = {**names, tree.arguments[0].name: target.element or ANY}
        body = self.type_of(tree.arguments[1], inner)
        if tree.function == "map":
            return list_of(body)
        self._want("bool", body, tree.arguments[1].start)
        return _COMPREHENSIONS[tree.function] or target

    def _operation(self, tree: Operation, names: Mapping[str, Type]) -> Type:
        found = [self.type_of(operand, names) for operand in tree.operands]
        starts = [operand.start for operand in tree.operands]
        match tree.operator:
            case "||" | "!_":
                for given, start in zip(found, starts, strict=True):
                    self._want("bool", given, start)
                return BOOL
            case "==" | "!=":
                self._comparable(tree, found[0], found[1])
                return BOOL
            case "in":
                self._membership(tree, found[0], found[1])
                return BOOL
            case "<" | "<=" | ">" | ">=":
                self._ordered(tree, found[0], found[1])
                return BOOL
            case "?":
                self._want("bool", found[0], starts[0])
                return found[1] if found[1].kind == found[2].kind else ANY
            case _:
                return self._arithmetic(tree, found)

    def _want(self, kind: str, given: Type, at: int) -> None:
        if given.kind not in {kind, "any"}:
            self.fault(at, f"a {kind} is needed here, this is {given.described}")
        elif given.nullable:
            self.fault(at, f"a {kind} is needed here, this may be null")

    def _count(self, tree: Call, wanted: int) -> None:
        if len(tree.arguments) != wanted:
            self.fault(tree.name_at, f"`{tree.function}` takes {wanted} arguments, not {len(tree.arguments)}")

    def _comparable(self, tree: Operation, left: Type, right: Type) -> None:
        kinds = {left.kind, right.kind}
        if "any" in kinds:
            return
        if "null" in kinds:
            for given, other in ((left, right), (right, left)):
                if other.kind == "null" and given.kind != "null" and not given.nullable:
                    self.fault(tree.start, f"this {given.shown} is never null")
            return
        if len(kinds) > 1:
            message = f"{left.described} is compared with {right.described}: that is never equal"
            if kinds == NUMBERS:
                message += " in CEL; write the number with a decimal point"
            self.fault(tree.start, message)
            return
        self._values(left, tree.operands[1])
        self._values(right, tree.operands[0])

    def _membership(self, tree: Operation, item: Type, container: Type) -> None:
        if container.kind not in {"list", "any"}:
            self.fault(tree.operands[1].start, f"`in` needs a list, not {container.described}")
            return
        if isinstance(tree.operands[1], ListOf):
            for choice in tree.operands[1].items:
                self._values(item, choice)
        element = container.element or ANY
        if "any" not in {item.kind, element.kind} and item.kind != element.kind:
            self.fault(tree.start, f"{item.described} is never in {container.described}")

    def _values(self, given: Type, other: Expression) -> None:
        """A string from an enumeration can only equal one of its values."""
        if (
            given.values
            and isinstance(other, Literal)
            and other.kind == "string"
            and other.text not in given.values
        ):
            self.fault(other.start, f"`{other.text}` is no value of this{nearest(other.text, given.values)}")

    def _ordered(self, tree: Operation, left: Type, right: Type) -> None:
        for given, operand in ((left, tree.operands[0]), (right, tree.operands[1])):
            if given.kind not in {"int", "double", "timestamp", "any"}:
                self.fault(operand.start, f"{given.described} has no order")
            elif given.nullable:
                self.fault(operand.start, "this may be null; test it first: `… != null && …`")
        kinds = {left.kind, right.kind} - {"any"}
        if len(kinds) > 1 and not kinds <= NUMBERS:
            self.fault(tree.start, f"{left.described} is compared with {right.described}")

    def _arithmetic(self, tree: Operation, found: list[Type]) -> Type:
        kinds = {given.kind for given in found} - {"any"}
        if kinds and (len(kinds) > 1 or not kinds <= {*NUMBERS, "string"}):
            shown = " and ".join(given.described for given in found)
            return self.fault(tree.start, f"`{tree.operator.rstrip('_')}` does not take {shown}")
        return replace(found[0], nullable=False, values=())
