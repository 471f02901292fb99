"""Undeclared references: reported for each artifact and each id that exists, and only those."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from installhub.model.artifact import ArtifactNode
from installhub.model.errors import ErrorCode
from installhub.model.references import Reference, pack_references
from installhub.resolver.closure import discover
from installhub.resolver.undeclared import undeclared_references
from tests.builders import FakeCatalog, node

IDS = [f"n{number}" for number in range(8)]
mentions = st.dictionaries(st.sampled_from(IDS), st.none() | st.lists(st.sampled_from(IDS), unique=True))


def mentioning(bare: ArtifactNode, *texts: str) -> ArtifactNode:
    packed = pack_references(Reference(f"/{text}", text) for text in texts)
    return replace(bare, references=packed)


def checked(catalog: FakeCatalog, *roots: str) -> list[tuple[str | None, str | None, str | None]]:
    problems = undeclared_references(discover(catalog, roots, 100), catalog.existing)
    assert {problem.code for problem in problems} <= {ErrorCode.UNDECLARED_REFERENCE}
    return [(problem.artifact_id, problem.pointer, problem.reference) for problem in problems]


@given(mentions)
def test_what_exists_is_reported_for_each_artifact(found: dict[str, list[str] | None]) -> None:
    nodes = [node(name) if texts is None else mentioning(node(name), *texts) for name, texts in found.items()]
    roots = tuple(found) or ("gone",)

    reported = checked(FakeCatalog(nodes), *roots)

    expected = {(name, f"/{text}", text) for name, texts in found.items() for text in texts or () if text in found}
    assert {problem for problem in reported if problem[0]} == expected
    assert len(reported) == len(expected) + (None in found.values())


def test_all_ids_are_looked_up_at_once_and_each_only_once() -> None:
    catalog = FakeCatalog([mentioning(node("a"), "x", "y"), mentioning(node("b"), "y", "z"), node("y")])

    assert checked(catalog, "a", "b") == [("a", "/y", "y"), ("b", "/y", "y")]
    assert catalog.lookups[1:] == [["x", "y", "z"]]


def test_without_references_nothing_is_looked_up() -> None:
    catalog = FakeCatalog([mentioning(node("a"))])

    assert checked(catalog, "a") == []
    assert len(catalog.lookups) == 1


def test_artifacts_that_were_not_searched_are_reported_together() -> None:
    (problem,) = undeclared_references(
        discover(FakeCatalog([node("a", "b", "c"), mentioning(node("b")), node("c")]), ["a"], 100), lambda _: []
    )

    assert (problem.artifact_id, problem.reference) == (None, None)
    assert "'a' and 1 more" in problem.detail
