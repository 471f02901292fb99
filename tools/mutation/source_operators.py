"""Mutation operators that cosmic-ray does not have: for literals, arguments, statements, strings and well-known calls.

Each is an edit of the source text, so that a mutant differs from the code in nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

# Replacements of called functions. Where both exist, only a test of behaviour notices the difference.
_REPLACEMENT_CALLS: Final = {
    "all": "any",
    "any": "all",
    "append": "insert",  # of a deque or list: raises an error, or inserts at the wrong end
    "casefold": "lower",
    "endswith": "startswith",
    "fullmatch": "match",
    "intersection": "union",
    "max": "min",
    "min": "max",
    "partition": "rpartition",
    "popleft": "pop",
    "rpartition": "partition",
    "sorted": "list",
    "startswith": "endswith",
    "strip": "lstrip",
}
_MARK: Final = "XX"


@dataclass(frozen=True)
class Edit:
    """A replacement of a part of the source.

    Attributes:
        kind: The mutation operator.
        start: Offset of the first byte.
        end: Offset after the last byte.
        text: The replacement.
    """

    kind: str
    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        """The source after the edit."""
        encoded = source.encode()
        return (encoded[: self.start] + self.text.encode() + encoded[self.end :]).decode()


class SourceText:
    """A source text with the byte offsets of its syntax nodes."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        lengths = [len(line) for line in self._bytes.splitlines(keepends=True)]
        self._starts = [0]
        for length in lengths:
            self._starts.append(self._starts[-1] + length)

    def start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        """Offset of the node's first byte."""
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        """Offset after the node's last byte."""
        line, column = node.end_lineno, node.end_col_offset
        if line is None or column is None:
            raise ValueError("a node without an end")  # does not happen with parsed source
        return self._starts[line - 1] + column

    def get(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """The node's source text."""
        return self._bytes[self.start(node) : self.end(node)].decode()

    def between(self, start: int, end: int) -> str:
        """The source text between two offsets."""
        return self._bytes[start:end].decode()


def generate_edits(source: str) -> Iterator[Edit]:
    """All edits of ``source``. Some results do not compile."""
    text = SourceText(source)
    tree = ast.parse(source)
    messages = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) in messages:
            continue  # the wording of exceptions is not part of any contract
        for operator in _OPERATORS:
            yield from operator(text, node)


def _elements(text: SourceText, node: ast.AST) -> Iterator[Edit]:
    """Remove one element of a literal."""
    spans: list[tuple[int, int]] = []
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) == len(("one", "other")):
        one, other = node.elts
        for left in (other, one):
            yield Edit("drop element", text.start(one), text.end(other), f"{text.get(left)},")
    elif isinstance(node, ast.Set) or (isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load)):
        spans = [(text.start(element), text.end(element)) for element in node.elts]
    elif isinstance(node, ast.Dict):
        spans = [
            (text.start(value) - len("**") if key is None else text.start(key), text.end(value))
            for key, value in zip(node.keys, node.values, strict=True)
        ]
    yield from _removals("drop element", spans)


def _keywords(text: SourceText, node: ast.AST) -> Iterator[Edit]:
    """Remove one keyword argument of a call."""
    if isinstance(node, ast.Call):
        arguments: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
        spans = [(text.start(argument), text.end(argument)) for argument in arguments]
        yield from list(_removals("drop argument", spans))[len(node.args) :]


def _removals(kind: str, spans: list[tuple[int, int]]) -> Iterator[Edit]:
    for (start, _), (following, _) in pairwise(spans):
        yield Edit(kind, start, following, "")
    if len(spans) > 1:
        yield Edit(kind, spans[-2][1], spans[-1][1], "")
    elif spans:
        yield Edit(kind, *spans[0], "")


def _statements(text: SourceText, node: ast.AST) -> Iterator[Edit]:
    """Remove one statement, or return nothing."""
    is_action = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    stores = isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple)
    if isinstance(node, ast.AugAssign | ast.Raise | ast.Delete) or (
        isinstance(node, ast.stmt) and (is_action or stores)
    ):
        yield Edit("drop statement", text.start(node), text.end(node), "pass")
    elif isinstance(node, ast.Return):
        has_value = node.value is not None and ast.unparse(node.value) != "None"
        yield Edit("drop return", text.start(node), text.end(node), "return None" if has_value else "pass")


def _texts(text: SourceText, node: ast.AST) -> Iterator[Edit]:
    """Change a string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield Edit("change text", text.start(node), text.end(node), repr(_MARK + node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        yield Edit("change bytes", text.start(node), text.end(node), repr(_MARK.encode() + node.value))


def _calls(text: SourceText, node: ast.AST) -> Iterator[Edit]:
    """Call a different function."""
    if not isinstance(node, ast.Call):
        return
    called = node.func
    if isinstance(called, ast.Name) and called.id in _REPLACEMENT_CALLS:
        yield Edit("call another", text.start(called), text.end(called), _REPLACEMENT_CALLS[called.id])
    elif isinstance(called, ast.Attribute) and called.attr in _REPLACEMENT_CALLS:
        end = text.end(called)
        yield Edit("call another", end - len(called.attr), end, _REPLACEMENT_CALLS[called.attr])


def _first_value_wins(text: SourceText, node: ast.AST) -> Iterator[Edit]:
    """Keep the last value instead of the first."""
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "setdefault"
        and len(node.value.args) == len(("key", "value"))
    ):
        holder, (key, value) = node.value.func.value, node.value.args
        update = f"{text.get(holder)}.update({{{text.get(key)}: {text.get(value)}}})"
        yield Edit("last value wins", text.start(node), text.end(node), update)


def _conditions(text: SourceText, node: ast.AST) -> Iterator[Edit]:
    """Negate a comprehension's condition or a membership test."""
    if isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield Edit("opposite condition", text.start(condition), text.end(condition), f"not ({text.get(condition)})")
    elif isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for operator, (left, right) in zip(node.ops, pairwise(sides), strict=True):
            start, end = text.end(left), text.start(right)
            if isinstance(operator, ast.In):
                yield Edit("opposite condition", start, end, text.between(start, end).replace("in", "not in"))
            elif isinstance(operator, ast.NotIn):
                yield Edit("opposite condition", start, end, text.between(start, end).replace("not in", "in"))


def _handlers(text: SourceText, node: ast.AST) -> Iterator[Edit]:
    """Catch nothing. The equivalent operator of cosmic-ray fails for dotted names."""
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield Edit("catch nothing", text.start(node.type), text.end(node.type), "()")


_OPERATORS: Final[tuple[Callable[[SourceText, ast.AST], Iterator[Edit]], ...]] = (
    _elements,
    _keywords,
    _statements,
    _texts,
    _calls,
    _first_value_wins,
    _conditions,
    _handlers,
)
