"""The rooms: the layers that pyproject.toml declares, and what the code in them imports."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import grimp

_ORDER: Final = "rooms"
_PURE: Final = "pure"


@dataclass(frozen=True, slots=True)
class Contracts:
    """What the import contracts say of a package.

    Attributes:
        layers: Names of rooms, the highest layer first.
        pure: Those that must not import AWS libraries.
    """

    layers: tuple[tuple[str, ...], ...]
    pure: frozenset[str]


@dataclass(frozen=True, slots=True)
class Room:
    """A package or module directly under the package.

    Attributes:
        name: Its name there.
        summary: The first line of its docstring.
        is_pure: Whether it must not import AWS libraries.
    """

    name: str
    summary: str
    is_pure: bool = False


@dataclass(frozen=True, slots=True)
class Building:
    """The rooms of a package, and how they depend on each other.

    Attributes:
        floors: The rooms by layer, the highest first.
        imports: Pairs of names: who imports whom.
    """

    floors: tuple[tuple[Room, ...], ...]
    imports: frozenset[tuple[str, str]]

    @property
    def level(self) -> dict[str, int]:
        """The index of each room's floor."""
        return {room.name: level for level, floor in enumerate(self.floors) for room in floor}

    def downward(self) -> frozenset[tuple[str, str]]:
        """The imports that follow the layers, without those implied by longer paths."""
        level = self.level
        followed = {(upper, lower) for upper, lower in self.imports if level[upper] < level[lower]}
        return frozenset(pair for pair in followed if not _is_implied(pair, followed))

    def against(self) -> frozenset[tuple[str, str]]:
        """The imports that break the order of the layers."""
        level = self.level
        return frozenset((room, other) for room, other in self.imports if level[room] >= level[other])


def read_contracts(configuration: Path) -> Contracts:
    """Read the contracts of import-linter.

    Raises:
        LookupError: There is no contract about layers.
    """
    settings = tomllib.loads(configuration.read_text(encoding="utf-8"))["tool"]["importlinter"]
    contracts: dict[str, dict[str, Any]] = {contract["id"]: contract for contract in settings["contracts"]}
    if _ORDER not in contracts:
        raise LookupError(f"{configuration} has no contract with the id {_ORDER}")
    pure = contracts.get(_PURE, {}).get("source_modules", [])
    return Contracts(
        tuple(tuple(re.findall(r"\w+", layer)) for layer in contracts[_ORDER]["layers"]),
        frozenset(module.rpartition(".")[2] for module in pure),
    )


def read_building(package: str, contracts: Contracts) -> Building:
    """Find the rooms of an importable package, and their imports."""
    graph = grimp.build_graph(package, cache_dir=None)
    existing = {module.rpartition(".")[2] for module in graph.find_children(package)}
    floors = [[name for name in layer if name in existing] for layer in contracts.layers]
    names = [name for floor in floors for name in floor]
    imports = frozenset(
        (importer, imported)
        for importer in names
        for imported in names
        if importer != imported
        and graph.direct_import_exists(
            importer=f"{package}.{importer}", imported=f"{package}.{imported}", as_packages=True
        )
    )
    rooms = {name: Room(name, _summary(f"{package}.{name}"), name in contracts.pure) for name in names}
    return Building(tuple(tuple(rooms[name] for name in floor) for floor in floors if floor), imports)


def _summary(module: str) -> str:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    documentation = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return documentation.partition("\n")[0]


def _is_implied(pair: tuple[str, str], imports: set[tuple[str, str]]) -> bool:
    start, end = pair
    return any(_leads(step, end, imports) for room, step in imports if room == start and step != end)


def _leads(start: str, end: str, imports: set[tuple[str, str]]) -> bool:
    reached: list[str] = [start]
    for room in reached:
        reached.extend(other for known, other in imports if known == room and other not in reached)
    return end in reached


def names_of(floors: Sequence[Sequence[Room]]) -> list[list[str]]:
    """The names of the rooms on each floor."""
    return [[room.name for room in floor] for floor in floors]
