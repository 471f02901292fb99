"""Problems of a plan: their texts, exact limits, and the selection of reported cycles."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from installhub.model.artifact import ArtifactType, PackageType
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.requirement import Requirement, RequirementKind
from installhub.resolver import plan
from installhub.resolver.cycles import MAX_CYCLES, find_cycles
from installhub.resolver.plan import Limits, check_roots, make_plan
from tests.builders import FakeCatalog, node, nodes


def details(*roots: str, edges: dict[str, str], limits: Limits, package_type: PackageType | None = None) -> list[str]:
    result = make_plan(FakeCatalog(nodes(edges).values()), roots, limits, package_type)
    return [problem.detail for problem in result.problems]


def test_too_many_roots_are_reported() -> None:
    assert details("a", "b", edges={"a": "", "b": ""}, limits=Limits(roots=1)) == [
        "The package has at least 2 root artifacts; the limit is 1."
    ]


def test_too_many_artifacts_are_reported() -> None:
    assert details("a", edges={"a": "b", "b": ""}, limits=Limits(artifacts=1)) == [
        "The package has at least 2 artifacts; the limit is 1."
    ]


def test_too_many_bytes_are_reported() -> None:
    assert details("a", edges={"a": ""}, limits=Limits(definition_bytes=1)) == [
        "The package has at least 2 bytes of definitions; the limit is 1."
    ]


def test_more_roots_than_the_limit_of_artifacts_are_reported() -> None:
    with pytest.raises(InstallHubError) as refusal:
        make_plan(FakeCatalog([]), ["a", "b"], Limits(roots=1, artifacts=1))

    assert refusal.value.problems[0].detail == "The package has at least 2 root artifacts; the limit is 1."


def test_a_cycle_is_written_as_a_path() -> None:
    assert details("a", edges={"a": "b", "b": "a"}, limits=Limits()) == [
        "Artifacts depend on each other in a cycle: 'a' -> 'b' -> 'a'."
    ]


def test_the_possible_root_types_are_listed_alphabetically() -> None:
    assert details("a", edges={"a": ""}, limits=Limits(), package_type=PackageType.WORKFLOW) == [
        "The package type workflow-package requires a root of type ProcessDefinition or ThreadDefinition."
    ]


def test_any_number_of_root_types_is_listed_alphabetically(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = frozenset(ArtifactType) - {ArtifactType.CONFIGURATION}
    monkeypatch.setattr(plan, "PRIMARY_TYPES", {PackageType.FORM: kinds})

    (detail,) = details("a", edges={"a": ""}, limits=Limits(), package_type=PackageType.FORM)

    assert detail == f"The package type form-package requires a root of type {' or '.join(sorted(kinds))}."


def test_missing_roots_up_to_the_limit_are_looked_up_in_other_tenants() -> None:
    catalog = FakeCatalog([], foreign_ids=["x"])

    result = make_plan(catalog, ["x", "y"], Limits(roots=2))

    assert [problem.code for problem in result.problems] == [ErrorCode.TENANT_MISMATCH, ErrorCode.ARTIFACT_NOT_FOUND]


@pytest.mark.parametrize("roots", [["a"], ["a", "b"], ["a", "b", "a", "b"]])
def test_roots_up_to_the_limit_are_accepted(roots: list[str]) -> None:
    check_roots(roots, Limits(roots=2))


def test_roots_beyond_the_limit_are_refused() -> None:
    with pytest.raises(InstallHubError) as refusal:
        check_roots(["a", "b", "c"], Limits(roots=2))

    assert refusal.value.code is ErrorCode.PACKAGE_TOO_LARGE
    assert refusal.value.problems[0].detail == "The package has at least 3 root artifacts; the limit is 2."


def test_of_shortest_cycles_the_one_with_the_smaller_id_is_reported_first() -> None:
    graph = nodes({"a": "b", "b": "dc", "c": "a", "d": "a"})

    assert find_cycles(graph, graph) == [("a", "b", "c", "a"), ("a", "b", "d", "a")]


def test_disjoint_cycles_are_ordered_by_their_smallest_ids() -> None:
    names = [f"n{number:02}" for number in range(40)]
    graph = {name: node(name, name) for name in reversed(names)}

    assert find_cycles(graph, graph) == [(name, name) for name in names]


def test_an_edge_of_a_reported_cycle_gets_no_further_cycle() -> None:
    graph = nodes({"a": "cd", "b": "cd", "c": "da", "d": "cb"})

    # Not ("c", "d", "c"): both its edges are in earlier cycles.
    assert find_cycles(graph, graph) == [("a", "c", "a"), ("a", "d", "c", "a"), ("b", "c", "d", "b"), ("b", "d", "b")]


def test_a_large_component_reports_as_many_short_cycles_as_a_small_one() -> None:
    names = [f"n{number:05}" for number in range(3_000)]
    edges: dict[str, list[str]] = {name: [] for name in names}
    for one, other in pairwise(names):
        edges[one].append(other)
        edges[other].append(one)

    cycles = find_cycles(nodes(edges), names)

    assert cycles == [(one, other, one) for one, other in pairwise(names[: MAX_CYCLES + 1])]


def test_a_configuration_package_reports_other_artifacts() -> None:
    result = make_plan(
        FakeCatalog([node("form", kind=ArtifactType.ATLAS_FORM)]), ["form"], Limits(), PackageType.CONFIG
    )

    assert [problem.detail for problem in result.problems] == [
        "A config-package may contain configuration only; 'form' is of type AtlasForm."
    ]


def test_requirements_that_are_declared_differently_are_a_problem_that_names_the_artifacts() -> None:
    variable = Requirement("limit", RequirementKind.VARIABLE)
    artifacts = [
        replace(node("a", "b"), requirements=(variable,)),
        replace(node("b", "c"), requirements=(replace(variable, default=3),)),
        replace(node("c"), requirements=(variable,)),
    ]

    plan = make_plan(FakeCatalog(artifacts), ["a"], Limits())

    (problem,) = plan.problems
    assert problem.code is ErrorCode.REQUIREMENT_CONFLICT
    assert problem.required_by == ("a", "b", "c")
    assert problem.detail == "The requirement 'limit' is declared differently by 'a' and 'b' and 1 more."


def test_requirements_that_are_declared_alike_are_no_problem() -> None:
    variable = Requirement("limit", RequirementKind.VARIABLE, default=3)
    artifacts = [replace(node(name, *needs), requirements=(variable,)) for name, needs in (("a", ["b"]), ("b", []))]

    assert make_plan(FakeCatalog(artifacts), ["a"], Limits()).problems == ()
