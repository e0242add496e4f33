"""A parser for CEL, for looking at expressions rather than running them.

The engine (``cel``, Rust) compiles and runs a rule but shows neither its syntax tree nor the place of a name.
The checker needs both, and so does the trace, which says which part of a condition did not hold. Grammar: the
CEL specification's, without message construction and macros beyond the standard comprehensions.
"""

import re
from dataclasses import dataclass, replace

from services.policy.expressions.tree import Call, Expression, Index, ListOf, Literal, Member, Name, Operation

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<number>0x[0-9a-fA-F]+u?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+u?)
    |(?P<string>[rRbB]{0,2}(?:'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_BINARY = ({"||"}, {"&&"}, {"==", "!=", "<", "<=", ">", ">=", "in"}, {"+", "-"}, {"*", "/", "%"})


class SyntaxFault(ValueError):
    """``at`` is the offset into the text, from 0."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def parse(text: str) -> Expression:
    """The syntax tree.

    Raises:
        SyntaxFault: with the place of the first token that does not fit.
    """
    return _Parser(_tokens(text), len(text)).whole()


def conjuncts(text: str) -> tuple[str, ...]:
    """The parts that ``&&`` joins at the top level, in order; the whole where there is none."""
    found: list[str] = []

    def collect(tree: Expression) -> None:
        if isinstance(tree, Operation) and tree.operator == "&&":
            for operand in tree.operands:
                collect(operand)
        else:
            found.append(text[tree.start : tree.end])

    collect(parse(text))
    return tuple(found)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise SyntaxFault(f"unexpected character {text[at]!r}", at)
        if found.lastgroup != "space":
            tokens.append(_Token(found.lastgroup or "", found.group(), at, found.end()))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token], length: int) -> None:
        self._tokens = tokens
        self._next = 0
        self._end = _Token("end", "", length, length)

    @property
    def _here(self) -> _Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else self._end

    def _take(self) -> _Token:
        token = self._here
        self._next += 1
        return token

    def _expect(self, text: str) -> _Token:
        if self._here.text != text or self._here.kind == "string":
            what = f"`{self._here.text}`" if self._here.kind != "end" else "the end"
            raise SyntaxFault(f"`{text}` was expected before {what}", self._here.start)
        return self._take()

    def whole(self) -> Expression:
        tree = self._ternary()
        if self._here.kind != "end":
            raise SyntaxFault(f"`{self._here.text}` was not expected here", self._here.start)
        return tree

    def _ternary(self) -> Expression:
        condition = self._binary(0)
        if self._here.text != "?":
            return condition
        self._take()
        chosen = self._ternary()
        self._expect(":")
        other = self._ternary()
        return Operation("?", (condition, chosen, other), condition.start, other.end)

    def _binary(self, level: int) -> Expression:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while self._here.text in _BINARY[level] and self._here.kind != "string":
            operator = self._take().text
            right = self._binary(level + 1)
            left = Operation(operator, (left, right), left.start, right.end)
        return left

    def _unary(self) -> Expression:
        if self._here.text in {"!", "-"} and self._here.kind == "sign":
            sign = self._take()
            operand = self._unary()
            return Operation(f"{sign.text}_", (operand,), sign.start, operand.end)
        return self._postfix(self._primary())

    def _postfix(self, tree: Expression) -> Expression:
        while self._here.kind == "sign" and self._here.text in {".", "["}:
            if self._take().text == "[":
                index = self._ternary()
                tree = Index(tree, index, tree.start, self._expect("]").end)
                continue
            name = self._take()
            if name.kind != "name":
                raise SyntaxFault("a field name was expected after `.`", name.start)
            if self._here.text == "(":
                arguments, end = self._arguments()
                tree = Call(tree, name.text, name.start, arguments, tree.start, end)
            else:
                tree = Member(tree, name.text, name.start, tree.start, name.end)
        return tree

    def _arguments(self) -> tuple[tuple[Expression, ...], int]:
        self._expect("(")
        return self._list_until(")")

    def _list_until(self, close: str) -> tuple[tuple[Expression, ...], int]:
        items: list[Expression] = []
        while self._here.text != close:
            items.append(self._ternary())
            if self._here.text != ",":
                break
            self._take()
        return tuple(items), self._expect(close).end

    def _primary(self) -> Expression:  # noqa: PLR0911 - one case a token
        token = self._take()
        match token.kind:
            case "string":
                return Literal("string", _content(token.text), token.start, token.end)
            case "number":
                kind = "double" if re.search(r"[.eE]", token.text) and "x" not in token.text else "int"
                return Literal(kind, token.text, token.start, token.end)
            case "name" if token.text in {"true", "false"}:
                return Literal("bool", token.text, token.start, token.end)
            case "name" if token.text == "null":
                return Literal("null", token.text, token.start, token.end)
            case "name" if token.text != "in":
                if self._here.text == "(":
                    arguments, end = self._arguments()
                    return Call(None, token.text, token.start, arguments, token.start, end)
                return Name(token.text, token.start, token.end)
            case "sign" if token.text == "(":
                inner = self._ternary()
                return replace(inner, start=token.start, end=self._expect(")").end)
            case "sign" if token.text == "[":
                items, end = self._list_until("]")
                return ListOf(items, token.start, end)
            case _:
                what = f"`{token.text}`" if token.kind != "end" else "the end"
                raise SyntaxFault(f"a value was expected before {what}", token.start)


def _content(literal: str) -> str:
    body = literal.lstrip("rRbB")
    return body[1:-1]
