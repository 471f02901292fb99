"""What the documentation may name: files, headings, make targets and variables, Python definitions, other names."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

LAYER: Final = Path("layers/installhub/src/installhub")
_EXTERNAL: Final = Path(__file__).with_name("external_names.toml")
_TARGET: Final = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
_VARIABLE: Final = re.compile(r"\$[({]?\$?[({]?([A-Z][A-Z_]+)")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADING: Final = re.compile(r"^#{1,6} +(.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Inventory:
    """What exists in the repository at ``root``.

    Attributes:
        root: The repository.
        files: Paths of its files, relative to ``root``.
    """

    root: Path
    files: frozenset[str] = field(repr=False)

    @classmethod
    def of_repository(cls, root: Path) -> Inventory:
        """The tracked and new files of a git checkout."""
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607  # the git on the PATH
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        return cls(root, frozenset(path for path in listed if (root / path).is_file()))

    @cached_property
    def folders(self) -> frozenset[str]:
        """The folders that hold files."""
        return frozenset(str(parent) for path in self.files for parent in Path(path).parents)

    @cached_property
    def make_targets(self) -> frozenset[str]:
        """The targets of the Makefile and what it includes."""
        return frozenset(target for text in self._makefiles() for target in _TARGET.findall(text))

    @cached_property
    def make_variables(self) -> frozenset[str]:
        """The variables that the Makefile reads."""
        return frozenset(name for text in self._makefiles() for name in _VARIABLE.findall(text))

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name in code, as an identifier or a whole string, and every word of the templates and samples."""
        found: set[str] = set()
        for path in self.files:
            if path.endswith(".py"):
                found.update(_names_in_code((self.root / path).read_text(encoding="utf-8")))
            elif path.endswith((".yaml", ".json", ".toml")) and not path.startswith("docs/performance"):
                found.update(_WORD.findall((self.root / path).read_text(encoding="utf-8")))
        groups = tomllib.loads(_EXTERNAL.read_text(encoding="utf-8")).values()
        return frozenset(found.union(*(group["names"] for group in groups)))

    @cached_property
    def functions(self) -> frozenset[str]:
        """The names of all functions and methods."""
        return frozenset(
            node.name
            for path in self.files
            if path.endswith(".py")
            for node in ast.walk(self._tree(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )

    @cached_property
    def rooms(self) -> frozenset[str]:
        """The packages of the layer."""
        inside = (Path(path).relative_to(LAYER) for path in self.files if path.startswith(f"{LAYER}/"))
        return frozenset(path.parts[0] for path in inside if path.parent != Path())

    def has_path(self, path: str) -> bool:
        """Whether ``path`` exists: from the root, or from the layer's package."""
        clean = path.rstrip("/")
        return any(known in self.files or known in self.folders for known in (clean, f"{LAYER}/{clean}"))

    def headings(self, path: str) -> frozenset[str]:
        """The anchors of the headings of a Markdown file, as code hosts derive them."""
        text = re.sub(r"```.*?```", "", (self.root / path).read_text(encoding="utf-8"), flags=re.DOTALL)
        return frozenset(_anchor(heading) for heading in _HEADING.findall(text))

    def defines(self, dotted: str) -> bool:
        """Whether a dotted name, from the layer's package on, is a package, a module or something a module defines."""
        parts = dotted.removeprefix("installhub.").split(".")
        for length in range(len(parts), 0, -1):
            base = f"{LAYER}/{'/'.join(parts[:length])}"
            rest = parts[length:]
            if base in self.folders:
                return not rest
            if f"{base}.py" in self.files:
                return _defined(self._tree(f"{base}.py").body, rest)
        return False

    def defines_test(self, path: str, name: str) -> bool:
        """Whether the test module ``path`` defines the function ``name``."""
        return path in self.files and _defined(self._tree(path).body, [name])

    def _makefiles(self) -> Iterator[str]:
        for path in self.files:
            if Path(path).name == "Makefile" or path.endswith(".mk"):
                yield (self.root / path).read_text(encoding="utf-8")

    def _tree(self, path: str) -> ast.Module:
        return ast.parse((self.root / path).read_text(encoding="utf-8"))


def _defined(body: list[ast.stmt], names: list[str]) -> bool:
    if not names:
        return True
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == names[0]:
            return _defined(node.body, names[1:])
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == names[0] for target in targets):
            return len(names) == 1
    return False


def _names_in_code(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield token.string
        elif token.type == tokenize.STRING and not token.string.startswith(('"""', "'''")):
            yield from _WORD.findall(token.string)


def _anchor(heading: str) -> str:
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
