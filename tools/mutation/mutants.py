"""The mutants of a file, with their keys and their order."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from tools.mutation.source_operators import generate_edits

Place = tuple[int, int]
"""A line, starting at 1, and a column."""

_IGNORED_NAMES: Final = frozenset({"__all__", "__slots__"})


@dataclass(frozen=True)
class Change:
    """A changed file.

    Attributes:
        kind: The mutation operator.
        line: The line of the change, starting at 1.
        column: The column of the change.
        code: The content of the changed file.
    """

    kind: str
    line: int
    column: int
    code: str


@dataclass(frozen=True)
class Mutant:
    """A change that a test should notice.

    Attributes:
        file: The path of the changed file within the package.
        line: The first line that differs, starting at 1.
        scope: The class and function; empty at module level.
        original: The original lines without indentation, joined by spaces.
        replacement: The changed lines in the same form.
        kind: The mutation operator.
        code: The content of the changed file.
    """

    file: str
    line: int
    scope: str
    original: str
    replacement: str
    kind: str
    code: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Identifies the mutant independently of line numbers."""
        return self.file, self.scope, self.original, self.replacement

    @property
    def rank(self) -> str:
        """A sort key that shuffles mutants reproducibly, so that the first ones are a representative sample."""
        return hashlib.sha256("\0".join(self.key).encode()).hexdigest()


def generate_mutants(file: str, source: str, others: Iterable[Change] = ()) -> Iterator[Mutant]:
    """Generate the mutants of a file from :mod:`tools.mutation.source_operators` and from the changes in ``others``.

    Code without effect at run time is not changed: annotations, docstrings, imports, arguments of decorators. Mutants
    that do not compile and duplicates are omitted.
    """
    tree = ast.parse(source)
    untestable = list(_untestable_spans(tree))
    scopes = list(_scopes(tree))
    seen = {source}
    for change in (*_source_changes(source), *others):
        place = (change.line, change.column)
        if change.code in seen or any(start <= place < end for start, end in untestable) or not _compiles(change.code):
            continue
        seen.add(change.code)
        line, original, replacement = _difference(source, change.code)
        scope = ".".join(name for name, first, last in scopes if first <= change.line <= last)
        yield Mutant(file, line, scope, original, replacement, change.kind, change.code)


def _source_changes(source: str) -> Iterator[Change]:
    encoded = source.encode()
    for edit in generate_edits(source):
        before = encoded[: edit.start].decode()
        line_start = before.rfind("\n") + 1
        yield Change(edit.kind, before.count("\n") + 1, len(before) - line_start, edit.apply(source))


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _difference(source: str, code: str) -> tuple[int, str, str]:
    """The first line that differs, and the differing lines before and after."""
    old, new = source.splitlines(), code.splitlines()
    blocks = [block for block in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if block[0] != "equal"]
    original = (line.strip() for _, start, end, _, _ in blocks for line in old[start:end])
    replacement = (line.strip() for _, _, _, start, end in blocks for line in new[start:end])
    return blocks[0][1] + 1, " ".join(filter(None, original)), " ".join(filter(None, replacement))


def _scopes(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """Classes and functions with their first and last lines, outer ones first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield node.name, first, node.end_lineno or node.lineno


def _untestable_spans(tree: ast.AST) -> Iterator[tuple[Place, Place]]:
    """The start and end of all parts without effect at run time."""
    for node in ast.walk(tree):
        for part in _untestable_parts(node):
            yield (part.lineno, part.col_offset), (part.end_lineno or part.lineno, part.end_col_offset or 0)
        if isinstance(node, ast.arguments) and node.kwonlyargs:
            # cosmic-ray takes the asterisk before keyword-only parameters for a multiplication.
            before: list[ast.arg | ast.expr] = [*node.posonlyargs, *node.args, *node.defaults]
            start = max(((part.end_lineno or 0, part.end_col_offset or 0) for part in before), default=None)
            first = node.kwonlyargs[0]
            yield start or (first.lineno, 0), (first.lineno, first.col_offset)


def _untestable_parts(node: ast.AST) -> Iterator[ast.stmt | ast.expr | ast.arg]:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            yield node
        case ast.JoinedStr():  # before Python 3.12 the parser has no positions within f-strings
            yield node
        case ast.AnnAssign() | ast.arg():
            yield from [node.annotation] if node.annotation else []
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from [node.returns] if node.returns else []
            yield from node.decorator_list
        case ast.ClassDef():
            yield from (*node.bases, *node.decorator_list)
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            yield node
        case ast.Call(func=ast.Name(id="cast"), args=[kind, *_]):
            yield kind
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            if name in _IGNORED_NAMES or isinstance(value, ast.Subscript):
                yield node
        case _:
            pass
