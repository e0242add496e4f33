"""The syntax tree of a CEL expression; ``start`` and ``end`` are offsets into its text, from 0."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Literal:
    """``kind`` is string, int, double, bool or null; ``text`` is the content of a string."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Name:
    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Member:
    """``target.name``; ``name_at`` is where the name itself begins."""

    target: "Expression"
    name: str
    name_at: int
    start: int
    end: int


@dataclass(frozen=True)
class Index:
    target: "Expression"
    index: "Expression"
    start: int
    end: int


@dataclass(frozen=True)
class Call:
    """A function, or a method where ``target`` is given."""

    target: "Expression | None"
    function: str
    name_at: int
    arguments: tuple["Expression", ...]
    start: int
    end: int


@dataclass(frozen=True)
class Operation:
    """A unary, binary or (``?``) ternary operator with its operands."""

    operator: str
    operands: tuple["Expression", ...]
    start: int
    end: int


@dataclass(frozen=True)
class ListOf:
    items: tuple["Expression", ...]
    start: int
    end: int


Expression = Literal | Name | Member | Index | Call | Operation | ListOf


def paths(tree: Expression) -> tuple[str, ...]:
    """The dotted names in the expression, longest form, in order of appearance, without repeats."""
    found: dict[str, None] = {}

    def visit(node: Expression) -> None:
        dotted = dotted_name(node)
        if dotted is not None:
            found[dotted] = None
            return
        for child in children(node):
            visit(child)

    visit(tree)
    return tuple(found)


def dotted_name(tree: Expression) -> str | None:
    if isinstance(tree, Name):
        return tree.name
    if isinstance(tree, Member):
        before = dotted_name(tree.target)
        return f"{before}.{tree.name}" if before is not None else None
    return None


def children(tree: Expression) -> tuple[Expression, ...]:
    match tree:
        case Member(target=target):
            return (target,)
        case Index(target=target, index=index):
            return (target, index)
        case Call(target=target, arguments=arguments):
            return (target, *arguments) if target is not None else arguments
        case Operation(operands=operands):
            return operands
        case ListOf(items=items):
            return items
        case _:
            return ()
