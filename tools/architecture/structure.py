"""The packages of the layer, in the order of the import contract, and the imports between them."""

from __future__ import annotations

import ast
import importlib.util
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import grimp

Arrow = tuple[str, str]
"""Importer and imported package."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What there is to draw.

    Attributes:
        layers: The names of the packages, a tuple per layer, from the top down.
        purposes: What each package is for, in a sentence.
        arrows: The imports between packages, without those that follow from others.
    """

    layers: tuple[tuple[str, ...], ...]
    purposes: dict[str, str]
    arrows: tuple[Arrow, ...]


def read_structure(root_package: str, project_file: Path) -> Structure:
    """The structure of an importable package, its layers from import-linter's contract in ``project_file``."""
    settings = tomllib.loads(project_file.read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = [each for each in settings["contracts"] if each["type"] == "layers"]
    layers = tuple(tuple(name.strip() for name in layer.split("|")) for layer in contract["layers"])
    names = [name for layer in layers for name in layer]
    return Structure(
        layers=layers,
        purposes={name: _purpose(f"{root_package}.{name}") for name in names},
        arrows=tuple(_reduced(_imports(root_package, names))),
    )


def _imports(root_package: str, names: Iterable[str]) -> set[Arrow]:
    graph = grimp.build_graph(root_package, cache_dir=None)
    for name in names:
        graph.squash_module(f"{root_package}.{name}")
    return {
        (name, imported.rpartition(".")[2])
        for name in names
        for imported in graph.find_modules_directly_imported_by(f"{root_package}.{name}")
        if imported != root_package
    }


def _reduced(arrows: set[Arrow]) -> list[Arrow]:
    """``arrows`` without those that a longer way between the same packages implies; the packages form no cycle."""

    def reaches(start: str, end: str, without: Arrow) -> bool:
        return any(
            head == end or reaches(head, end, without)
            for tail, head in arrows
            if tail == start and (tail, head) != without
        )

    return sorted(arrow for arrow in arrows if not reaches(*arrow, without=arrow))


def _purpose(package: str) -> str:
    """The first sentence of a package's docstring."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    docstring = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".")
