"""Finds the names in a Markdown file that do not exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.docs_check.inventory import Inventory

_LINK: Final = re.compile(r"\[[^]]*\]\((?P<target>[^)\s]+)\)")
_CODE: Final = re.compile(r"`(?P<code>[^`\n]+)`")
_MAKE: Final = re.compile(r"\bmake (?P<rest>[a-z][a-z-]*(?: +\[?[A-Z_]+=\S*\]?)*)")
_ASSIGNMENT: Final = re.compile(r"([A-Z][A-Z_]+)=")
_TEST: Final = re.compile(r"(?P<path>tests/[\w/]+\.py)::(?P<name>\w+)")
_PATH: Final = re.compile(r"(?:\.?[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|py|yaml|toml|mk|svg|ini)")
_DOTTED: Final = re.compile(r"(?:installhub\.)?[a-z_]+(?:\.[A-Za-z_]\w*)+")
_CALL: Final = re.compile(r"(?P<name>[a-z_]\w*)\(\)")
_CAMEL: Final = re.compile(r"(?:[A-Z][a-z0-9]+){2,}[A-Z]?")
_EXTENSIONS: Final = (".md", ".py", ".yaml", ".toml", ".mk", ".svg")
_BUILT: Final = (".local", ".venv", ".tools", ".aws-sam", "dist", "/")
"""Folders that only exist once something ran, and paths of other machines."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A name in the documentation that does not exist.

    Attributes:
        path: The document.
        line: Line number, from 1.
        text: What is wrong, with a suggestion where there is one.
    """

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def mistakes_in(path: str, inventory: Inventory) -> Iterator[Mistake]:
    """The mistakes of one document."""
    in_block = False
    for number, line in enumerate((inventory.root / path).read_text(encoding="utf-8").splitlines(), start=1):
        if line.lstrip().startswith("```"):
            in_block = not in_block
            continue
        for text in _wrong(path, line, inventory, in_block=in_block):
            yield Mistake(path, number, text)


def _wrong(path: str, line: str, inventory: Inventory, *, in_block: bool) -> Iterator[str]:
    codes = [line] if in_block else [match["code"] for match in _CODE.finditer(line)]
    for code in codes:
        yield from _wrong_commands(code, inventory)
    if in_block:
        return
    for match in _LINK.finditer(_CODE.sub("", line) if "](" not in line else line):
        yield from _wrong_link(path, match["target"], inventory)
    for code in codes:
        yield from _wrong_name(path, code.strip(), inventory)


def _wrong_commands(code: str, inventory: Inventory) -> Iterator[str]:
    for match in _MAKE.finditer(code):
        target, *_ = match["rest"].split()
        if target not in inventory.make_targets:
            yield f"no target `make {target}`{_hint(target, inventory.make_targets)}"
        for variable in _ASSIGNMENT.findall(match["rest"]):
            if variable not in inventory.make_variables:
                yield f"`make {target}` takes no {variable}{_hint(variable, inventory.make_variables)}"


def _wrong_link(path: str, target: str, inventory: Inventory) -> Iterator[str]:
    if re.match(r"[a-z]+:", target):
        return
    place, _, anchor = target.partition("#")
    document = _resolved(path, place) if place else path
    if not inventory.has_path(document):
        yield f"the link leads nowhere: {target}"
    elif anchor and anchor not in inventory.headings(document):
        yield f"{document} has no heading #{anchor}{_hint(anchor, inventory.headings(document))}"


def _wrong_name(path: str, code: str, inventory: Inventory) -> Iterator[str]:
    checks: list[tuple[re.Pattern[str], Callable[[re.Match[str]], bool], str, Iterable[str]]] = [
        (_TEST, lambda found: inventory.defines_test(found["path"], found["name"]), "test", ()),
        (_PATH, lambda found: _path_exists(path, found[0], inventory), "file or folder", inventory.files),
        (_CALL, lambda found: found["name"] in inventory.functions, "function", inventory.functions),
        (_CAMEL, lambda found: found[0] in inventory.names, "class, parameter or resource", inventory.names),
    ]
    for pattern, exists, kind, known in checks:
        match = pattern.fullmatch(code)
        if match is not None:
            if not exists(match):
                yield f"no {kind} `{code}`{_hint(code, known)}"
            return
    match = _DOTTED.fullmatch(code)
    if (
        match is not None
        and code.removeprefix("installhub.").split(".")[0] in inventory.rooms
        and not inventory.defines(code)
    ):
        yield f"no module or name `{code}` in the layer"


def _path_exists(document: str, path: str, inventory: Inventory) -> bool:
    """Whether ``path`` exists, or is none of the repository's: built, or a key in a bucket."""
    if path.startswith(_BUILT) or not (
        path.endswith(_EXTENSIONS) or path.split("/", maxsplit=1)[0] in inventory.folders
    ):
        return True
    return inventory.has_path(path) or inventory.has_path(_resolved(document, path))


def _resolved(document: str, target: str) -> str:
    parts: list[str] = []
    for part in (*Path(document).parent.parts, *Path(target).parts):
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""
