"""Release notes of large packages, and names in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from installhub.bundler.manifest import build_manifest
from installhub.changes.manifest_diff import compare_manifests
from installhub.contract.release_notes import release_notes
from installhub.packages.comparison import ChangedPlaces, Comparison, find_reasons
from tests.builders import node, package
from tests.strategies import printable_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from installhub.model.artifact import ArtifactNode


def notes(old: Iterable[ArtifactNode], new: Iterable[ArtifactNode], name: str = "Suite") -> str:
    """Return the release notes of a package from its artifacts."""
    described = package(name=name)
    difference = compare_manifests(build_manifest(described, [], list(old)), build_manifest(described, [], list(new)))
    places = {change.new.id: ChangedPlaces() for change in difference.changed}
    return release_notes(described, described, Comparison(difference, places, find_reasons(difference, {})))


@pytest.mark.parametrize(("count", "lines", "more"), [(200, 200, None), (201, 201, "1"), (5_000, 201, "4,800")])
def test_long_sections_are_cut(count: int, lines: int, more: str | None) -> None:
    text = notes([], (node(str(number)) for number in range(count)))

    assert text.count("\n- ") == lines
    assert (f"- … and {more} more\n" in text) == (more is not None)


def test_changed_dependencies_are_cut_and_take_linear_time() -> None:
    old, new = ([f"{side}-{number}" for number in range(50_000)] for side in "ab")
    start = time.process_time()

    text = notes([node("root", *old)], [node("root", *new)])

    assert time.process_time() - start < 5, "comparing each with each would take half a minute"
    assert text.count("needs `b-") == text.count("no longer needs `a-") == 200
    assert "needs 49,800 more now, " in text
    assert "no longer needs 49,800 more\n" in text


@given(printable_texts)
def test_names_add_no_markup(name: str) -> None:
    def shape(name: str) -> list[Any]:
        text = notes([node("r", name=name), node("gone", name=name)], [node("r", "x", name="Now"), node(name)], name)
        return [token.type for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text)]

    assert shape(name) == shape("plain")
