"""The architecture diagram: reading of contracts and imports, layout and drawing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from tools.architecture import __main__ as command
from tools.architecture.drawing import draw
from tools.architecture.layout import Box, Layout, Sizes, arrange
from tools.architecture.rooms import Building, Contracts, read_building, read_contracts

PACKAGE: Final = "rooms_of_a_test"
CONTRACTS: Final = """
[[tool.importlinter.contracts]]
id = "rooms"
layers = ["desk", "left | right", "(attic)", "cellar", "ground"]

[[tool.importlinter.contracts]]
id = "pure"
source_modules = ["rooms_of_a_test.ground"]
"""
IMPORTS: Final[dict[str, list[str]]] = {
    "desk": ["left", "right", "cellar", "ground"],
    "left": ["cellar"],
    "right": ["ground"],
    "cellar": ["ground"],
    "ground": [],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of an importable package with five rooms; its contract has a sixth."""
    package = tmp_path / PACKAGE
    package.mkdir()
    (package / "__init__.py").touch()
    for room, imported in IMPORTS.items():
        (package / room).mkdir()
        (package / room / "__init__.py").write_text(f'"""The {room} & what is in it.\n\nMore of it.\n"""\n')
        (package / room / "own.py").write_text("".join(f"from {PACKAGE}.{other} import own\n" for other in imported))
    (tmp_path / "pyproject.toml").write_text(CONTRACTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for module in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[module]


@pytest.fixture
def building(folder: Path) -> Building:
    return read_building(PACKAGE, read_contracts(folder.parent / "pyproject.toml"))


def test_contracts_come_from_the_configuration(folder: Path) -> None:
    assert read_contracts(folder.parent / "pyproject.toml") == Contracts(
        (("desk",), ("left", "right"), ("attic",), ("cellar",), ("ground",)), frozenset({"ground"})
    )


def test_a_configuration_without_layers_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("[tool.importlinter]\ncontracts = []\n")
    with pytest.raises(LookupError, match="no contract"):
        read_contracts(file)


def test_rooms_are_those_of_the_contract_that_exist(building: Building) -> None:
    assert [[room.name for room in floor] for floor in building.floors] == [
        ["desk"],
        ["left", "right"],
        ["cellar"],
        ["ground"],
    ]
    (desk,), *_, (ground,) = building.floors
    assert desk.summary == "The desk & what is in it."
    assert (desk.is_pure, ground.is_pure) == (False, True)


def test_imports_implied_by_a_longer_path_are_omitted(building: Building) -> None:
    assert ("desk", "ground") in building.imports
    assert building.downward() == {
        ("desk", "left"),
        ("desk", "right"),
        ("left", "cellar"),
        ("right", "ground"),
        ("cellar", "ground"),
    }
    assert building.against() == set()


def test_imports_against_the_order_are_separate(folder: Path) -> None:
    (folder / "ground" / "wrong.py").write_text(f"import {PACKAGE}.left.own\n")
    (folder / "left" / "wrong.py").write_text(f"import {PACKAGE}.right.own\n")
    building = read_building(PACKAGE, read_contracts(folder.parent / "pyproject.toml"))
    assert building.against() == {("ground", "left"), ("left", "right")}
    picture = draw(building, PACKAGE)
    assert picture.count('marker-end="url(#against)"') == 2
    assert "Dashed: against the order." in picture


def are_disjoint(boxes: Mapping[str, Box]) -> bool:
    return not any(
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.bottom
        and other.top < one.bottom
        for one, other in combinations(boxes.values(), 2)
    )


def layout_of(floors: list[list[str]], arrows: set[tuple[str, str]]) -> Layout:
    return arrange(floors, frozenset(arrows), [50] * len(floors), Sizes())


def test_boxes_do_not_overlap_and_stay_inside() -> None:
    layout = layout_of([["a", "b"], ["c"], ["d", "e", "f"]], {("a", "c"), ("b", "c"), ("b", "d"), ("c", "e")})
    assert are_disjoint(layout.boxes)
    for box in layout.boxes.values():
        assert box.left >= 0
        assert box.left + box.width <= layout.width
        assert box.bottom <= layout.height


def test_an_arrow_leads_from_lower_to_upper_edge_and_does_not_cross_boxes() -> None:
    layout = layout_of([["a"], ["b"], ["c"], ["d"]], {("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")})
    start, *_, end = way = layout.ways["a", "d"]
    assert start[1] == layout.boxes["a"].bottom
    assert end[1] == layout.boxes["d"].top
    for room in ("b", "c"):
        box = layout.boxes[room]
        passing = [x for x, y in way if y in {box.top, box.bottom}]
        assert len(passing) == 2
        assert all(x < box.left or x > box.left + box.width for x in passing)


def test_arrows_of_one_box_are_side_by_side() -> None:
    layout = layout_of([["a", "b", "c"], ["d"]], {("a", "d"), ("b", "d"), ("c", "d")})
    ends = [layout.ways[room, "d"][-1][0] for room in sorted("abc", key=lambda room: layout.boxes[room].left)]
    assert ends == sorted(set(ends))


def test_rooms_of_a_floor_are_reordered_to_avoid_crossing_arrows() -> None:
    layout = layout_of([["a", "b"], ["c", "d"]], {("a", "d"), ("b", "c")})
    assert (layout.boxes["a"].left < layout.boxes["b"].left) == (layout.boxes["d"].left < layout.boxes["c"].left)


def test_rooms_keep_the_declared_order_if_no_arrows_cross() -> None:
    layout = layout_of([["z"], ["b", "a", "c"]], {("z", "a"), ("z", "b"), ("z", "c")})
    assert sorted("abc", key=lambda room: layout.boxes[room].left) == ["b", "a", "c"]


def test_the_picture_is_well_formed_and_shows_every_room(building: Building) -> None:
    picture = draw(building, PACKAGE)
    texts = [element.text for element in ET.fromstring(picture).iter() if element.text]  # noqa: S314  # trusted
    assert set(IMPORTS) <= set(texts)
    assert "The desk & what is in it." in texts
    assert "prefers-color-scheme: dark" in picture


def test_the_picture_is_deterministic(folder: Path) -> None:
    contracts = read_contracts(folder.parent / "pyproject.toml")
    pictures = {draw(read_building(PACKAGE, contracts), PACKAGE) for _ in range(3)}
    assert len(pictures) == 1


def test_the_command_writes_the_picture_and_detects_a_stale_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = folder.parent / "docs.svg"
    monkeypatch.setattr(command, "ROOT", folder.parent)
    monkeypatch.setattr(command, "PICTURE", picture)
    monkeypatch.setattr(command, "PACKAGE", PACKAGE)
    monkeypatch.setattr(sys, "argv", ["architecture"])
    assert command.main() == 0
    monkeypatch.setattr(sys, "argv", ["architecture", "--check"])
    assert command.main() == 0
    picture.write_text("stale")
    assert command.main() == 1
    assert "run `make architecture`" in capsys.readouterr().out
    assert picture.read_text() == "stale"
