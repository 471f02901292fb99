"""The tag of a plan: equal if and only if the plans are, and it names every artifact that differs."""

from __future__ import annotations

import base64
import string
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType, PackageType
from installhub.model.requirement import Requirement, RequirementKind
from installhub.resolver.plan import Limits, Plan, make_plan
from installhub.resolver.plan_tag import MAX_TAG_LENGTH, PlanDifference, compare, is_tag_of, name_by_key, plan_tag
from tests.builders import TENANT, FakeCatalog, node, nodes
from tests.strategies import graphs, ids

OF_A_TAG = set(string.ascii_letters + string.digits + "-_.")
LARGE = 800  # too many artifacts for a list


def plan_of(
    graph: dict[str, ArtifactNode], *roots: str, limits: Limits | None = None, package_type: PackageType | None = None
) -> Plan:
    return make_plan(FakeCatalog(graph.values()), roots, limits or Limits(), package_type)


def wide(count: int, *, start: int = 0) -> dict[str, ArtifactNode]:
    """A root and ``count`` dependencies."""
    leaves = [f"leaf-{number}" for number in range(start, start + count)]
    return {"root": node("root", *leaves), **{leaf: node(leaf) for leaf in leaves}}


def reachable(graph: dict[str, ArtifactNode], roots: list[str]) -> set[str]:
    """An oracle of the closure: ids that a walk reaches and that exist."""
    reached: set[str] = set()
    stack = list(roots)
    while stack:
        artifact_id = stack.pop()
        if artifact_id in graph and artifact_id not in reached:
            reached.add(artifact_id)
            stack.extend(graph[artifact_id].dependencies)
    return reached


def described(difference: PlanDifference | None) -> tuple[set[str], set[str], set[str]]:
    assert difference is not None
    assert difference.is_complete
    assert not difference.unnamed
    return set(difference.added), set(difference.removed), set(difference.modified)


@st.composite
def edits(draw: st.DrawFn, before: dict[str, ArtifactNode]) -> dict[str, ArtifactNode]:
    """The graph ``before`` after some artifacts were deleted, changed or created."""
    after = dict(before)
    for artifact_id in draw(st.lists(st.sampled_from(sorted(before)), unique=True)):
        kind = draw(st.sampled_from(["delete", "rename", "redefine", "relink", "withdraw"]))
        found = after[artifact_id]
        new_id = f"new-{artifact_id}"
        if kind == "delete":
            del after[artifact_id]
        elif kind == "rename":
            after[artifact_id] = replace(found, name=f"{found.name}!")
        elif kind == "redefine":
            after[artifact_id] = replace(found, sha256="f" * 64)
        elif kind == "withdraw":
            after[artifact_id] = replace(found, status=ArtifactStatus.DRAFT)
        else:
            after[new_id] = node(new_id)
            after[artifact_id] = replace(found, dependencies=(*found.dependencies[1:], new_id))
    return after


@given(graph=graphs(), data=st.data(), others=st.sampled_from([{}, wide(LARGE)]))
def test_every_change_is_named_and_nothing_else(
    graph: dict[str, ArtifactNode], data: st.DataObject, others: dict[str, ArtifactNode]
) -> None:
    roots = data.draw(st.lists(st.sampled_from(sorted(graph)), min_size=1, unique=True))
    before, after = {**graph, **others}, {**data.draw(edits(graph)), **others}
    all_roots = [*roots, *({"root"} & others.keys())]
    tag = plan_tag(plan_of(before, *all_roots), TENANT)
    plan = plan_of(after, *all_roots)

    found = compare(tag, plan, TENANT)

    assert found is not None
    assert found.is_complete
    assert not found.unnamed or others
    named = set(found.removed) | set(name_by_key(found.unnamed, before, TENANT))
    was, now = reachable(before, all_roots), reachable(after, all_roots)
    assert (set(found.added), named) == (now - was, was - now)
    assert set(found.modified) == {both for both in was & now if before[both] != after[both]}
    assert is_tag_of(tag, plan, TENANT) == (before == after or (was == now and not found.modified))


@given(graphs(acyclic=True), st.data())
def test_a_plan_has_the_same_tag_in_a_preview_and_in_an_export(
    graph: dict[str, ArtifactNode], data: st.DataObject
) -> None:
    roots = data.draw(st.lists(st.sampled_from(sorted(graph)), min_size=1, unique=True))
    package_type = data.draw(st.sampled_from(PackageType))

    tag = plan_tag(plan_of(graph, *roots), TENANT)

    assert tag == plan_tag(plan_of(graph, *roots, package_type=package_type), TENANT)
    assert is_tag_of(tag, plan_of(graph, *roots, package_type=package_type), TENANT)


GRAPH = nodes({"a": "bc", "b": "d", "c": "", "d": ""})
CHANGES = {
    "type": {"b": replace(GRAPH["b"], type=ArtifactType.ATLAS_FORM)},
    "name": {"b": replace(GRAPH["b"], name="Other")},
    "status": {"b": replace(GRAPH["b"], status=ArtifactStatus.INCOMPLETE)},
    "definition": {"b": replace(GRAPH["b"], sha256="0" * 64)},
    "requirements": {"b": replace(GRAPH["b"], requirements=(Requirement("url", RequirementKind.VARIABLE),))},
    "order of dependencies": {"a": replace(GRAPH["a"], dependencies=("c", "b"))},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_in_an_artifact_changes_the_tag_and_names_it(changed: dict[str, ArtifactNode]) -> None:
    tag = plan_tag(plan_of(GRAPH, "a"), TENANT)
    plan = plan_of({**GRAPH, **changed}, "a")

    assert not is_tag_of(tag, plan, TENANT)
    assert described(compare(tag, plan, TENANT)) == (set(), set(), set(changed))


def test_when_an_artifact_was_changed_does_not_matter() -> None:
    plan = plan_of({**GRAPH, "b": replace(GRAPH["b"], updated_at=1)}, "a")

    assert plan_tag(plan, TENANT) == plan_tag(plan_of(GRAPH, "a"), TENANT)


def test_roots_their_order_limits_and_the_tenant_belong_to_the_plan() -> None:
    plans = [
        plan_of(GRAPH, "a"),
        plan_of(GRAPH, "a", "b"),
        plan_of(GRAPH, "b", "a"),
        plan_of(GRAPH, "a", limits=Limits(definition_bytes=1)),
    ]
    tags = [plan_tag(plan, TENANT) for plan in plans]

    assert len({*tags, plan_tag(plans[0], "other")}) == 5
    for tag in tags:
        assert described(compare(tag, plans[0], TENANT)) == (set(), set(), set())


def test_a_dependency_that_was_deleted_is_named_although_it_is_still_declared() -> None:
    graph = wide(LARGE)
    tag = plan_tag(plan_of(graph, "root"), TENANT)
    del graph["leaf-7"]

    assert described(compare(tag, plan_of(graph, "root"), TENANT)) == (set(), {"leaf-7"}, set())


def test_an_artifact_that_a_large_plan_has_no_more_is_found_by_its_key() -> None:
    graph = wide(LARGE)
    tag = plan_tag(plan_of(graph, "root"), TENANT)
    plan = plan_of({**graph, "root": replace(graph["root"], dependencies=graph["root"].dependencies[1:])}, "root")

    found = compare(tag, plan, TENANT)

    assert found is not None
    assert (found.removed, found.modified) == ((), ("root",))
    assert name_by_key(found.unnamed, graph, TENANT) == ["leaf-0"]


@given(st.lists(ids, min_size=1, max_size=30, unique=True))
def test_a_tag_fits_into_a_header_whatever_the_ids(artifact_ids: list[str]) -> None:
    plan = plan_of({artifact_id: node(artifact_id) for artifact_id in artifact_ids}, *artifact_ids)

    tag = plan_tag(plan, TENANT)

    assert len(tag) <= MAX_TAG_LENGTH
    assert set(tag) <= OF_A_TAG
    assert described(compare(tag, plan, TENANT)) == (set(), set(), set())


def test_the_tag_of_a_small_plan_is_short_and_that_of_a_large_one_limited() -> None:
    assert len(plan_tag(plan_of(GRAPH, "a"), TENANT)) < 100
    assert len(plan_tag(plan_of(wide(3_000), "root"), TENANT)) <= MAX_TAG_LENGTH


def encoded(form: str, payload: bytes) -> str:
    return f"x.{form}{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "abc",
        "a.b.c",
        ".l",
        ".s",
        ".s$",
        encoded("l", b""),
        encoded("l", zlib.compress(b"a") + b"123"),
        encoded("l", zlib.compress(b"a\nb") + b"1234"),
        encoded("l", zlib.compress(b"a\x07") + b"1234"),
        encoded("l", zlib.compress(b"") + b"1234"),
        encoded("l", zlib.compress(b"\xff") + b"1234"),
        encoded("l", zlib.compress(b"a")[:-1]),
        encoded("l", zlib.compress(b"\n" * 10**7)),
        encoded("s", b"too short"),
        encoded("z", b"1234"),
    ],
)
def test_what_is_no_tag_has_no_difference(tag: str) -> None:
    assert compare(tag, plan_of(GRAPH, "a"), TENANT) is None
    assert not is_tag_of(tag, plan_of(GRAPH, "a"), TENANT)


@given(st.text() | st.builds(encoded, st.sampled_from("lsz"), st.binary(max_size=3_000)))
def test_any_text_can_be_compared(tag: str) -> None:
    compare(tag, plan_of(GRAPH, "a"), TENANT)
    assert not is_tag_of(tag, plan_of(GRAPH, "a"), TENANT)


def test_what_belongs_to_the_representation_does_not_matter() -> None:
    plan = plan_of(GRAPH, "a")

    assert is_tag_of(f"{plan_tag(plan, TENANT)}.svg-1", plan, TENANT)
    assert compare(f"{plan_tag(plan, TENANT)}.svg-1", plan, TENANT) == PlanDifference()
