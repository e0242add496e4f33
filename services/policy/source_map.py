"""YAML that remembers where it was written: plain values, and a line and column for every one of them."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Position:
    """Line and column, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake in a file, where it is, and what to do about it."""

    position: Position
    message: str

    def shown(self, file: str) -> str:
        return f"{file}:{self.position.line}:{self.position.column}: {self.message}"


@dataclass
class SourceMap:
    """``positions`` holds, for each path, where its value starts; ``keys`` where its key does.

    ``texts`` are the starts of scalars that read the same in the file as in the value, line by line, so
    that a place inside them can be pointed at.
    """

    positions: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    texts: dict[Path, list[Position]] = field(default_factory=dict)

    def at(self, path: Path) -> Position:
        """The position of the value, or of the nearest thing around it that exists."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, Position(1, 1))

    def key(self, path: Path) -> Position:
        return self.keys.get(path) or self.at(path)

    def within(self, path: Path, line: int, column: int) -> Position:
        """The place of line and column (from 1) of a scalar's text; its start where that cannot be told."""
        starts = self.texts.get(path)
        if starts is None or line > len(starts):
            return self.at(path)
        start = starts[line - 1]
        return Position(start.line, start.column + column - 1)


@dataclass(frozen=True)
class Parsed:
    value: Any
    source: SourceMap
    problems: tuple[Problem, ...]


def parse_yaml(text: str) -> Parsed:
    """Plain YAML values with their positions; a repeated key is a problem, not a silent replacement."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        return Parsed(None, SourceMap(), (_syntax_problem(error),))
    reader = _Reader(text.splitlines())
    value = reader.read(root, ()) if root is not None else None
    return Parsed(value, reader.source, tuple(reader.problems))


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return Problem(
            Position(mark.line + 1, mark.column + 1), f"not YAML: {error.problem or error.context}"
        )
    return Problem(Position(1, 1), f"not YAML: {error}")


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.source = SourceMap()
        self.problems: list[Problem] = []
        self._scalars = yaml.SafeLoader("")

    def read(self, node: yaml.Node, path: Path) -> Any:
        self.source.positions[path] = _position(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        self._remember_text(node, path)
        return self._scalars.construct_object(node, deep=True)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._scalars.construct_object(key_node, deep=True)
            name = str(key) if isinstance(key, Hashable) else repr(key_node.value)
            if name in values:
                self.problems.append(Problem(_position(key_node), f"`{name}` is given twice"))
                continue
            self.source.keys[(*path, name)] = _position(key_node)
            values[name] = self.read(value_node, (*path, name))
        return values

    def _remember_text(self, node: yaml.Node, path: Path) -> None:
        first, last = node.start_mark.line, node.end_mark.line
        style = getattr(node, "style", None)
        if style == "|":
            self.source.texts[path] = [
                Position(line + 1, len(self.lines[line]) - len(self.lines[line].lstrip()) + 1)
                for line in range(first + 1, min(last, len(self.lines)))
            ]
        elif first == last:
            quote = 1 if style in {"'", '"'} else 0
            self.source.texts[path] = [Position(first + 1, node.start_mark.column + 1 + quote)]


def _position(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)
