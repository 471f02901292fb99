"""The plan: its install order, and all problems that prevent an export, most important first."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType, PackageType
from installhub.model.errors import ErrorCode, InstallHubError, Problem
from installhub.resolver.plan import Limits, Plan, make_plan
from tests.builders import FakeCatalog, node, nodes
from tests.strategies import graphs

# Copied from CONTRACT section 3, not from the code.
PRIMARY = {
    "workflow-package": {"ProcessDefinition", "ThreadDefinition"},
    "form-package": {"AtlasForm"},
    "app-package": {"AppDefinition"},
    "agent-package": {"AgentDefinition"},
    "config-package": {"RuleSet", "EntitySchema", "Configuration"},
}


def plan_of(
    artifacts: dict[str, ArtifactNode] | list[ArtifactNode],
    *roots: str,
    limits: Limits | None = None,
    package_type: PackageType | None = None,
) -> Plan:
    graph_nodes = artifacts.values() if isinstance(artifacts, dict) else artifacts
    return make_plan(FakeCatalog(graph_nodes), roots, limits or Limits(), package_type)


def codes(plan: Plan) -> list[str]:
    return [problem.code.value for problem in plan.problems]


def numbers(text: str) -> set[str]:
    return set(re.findall(r"[0-9]+", text))


def only_problem(plan: Plan) -> Problem:
    assert len(plan.problems) == 1
    return plan.problems[0]


@given(graphs(acyclic=True), st.data())
def test_install_order_does_not_depend_on_the_requested_order(
    graph: dict[str, ArtifactNode], data: st.DataObject
) -> None:
    roots = data.draw(st.lists(st.sampled_from(sorted(graph)), min_size=1, unique=True))
    shuffled = data.draw(st.permutations(roots))

    assert plan_of(graph, *roots).install_order == plan_of(graph, *shuffled).install_order


@given(graphs())
def test_a_plan_has_an_install_order_or_a_cycle(graph: dict[str, ArtifactNode]) -> None:
    plan = plan_of(graph, *graph)

    assert bool(plan.install_order) is not bool(plan.cycles)
    assert [problem.cycle for problem in plan.problems] == list(plan.cycles)


def test_a_missing_dependency_is_reported_with_all_its_dependents() -> None:
    problem = only_problem(plan_of(nodes({"a": "bcx", "b": "x", "c": "", "unrelated": "x"}), "a"))

    assert problem.code is ErrorCode.ARTIFACT_NOT_FOUND
    assert problem.artifact_id == "x"
    assert problem.required_by == ("a", "b")


def test_a_missing_root_that_nothing_requires_has_no_dependents() -> None:
    problem = only_problem(plan_of(nodes({"a": ""}), "a", "x"))

    assert (problem.code, problem.artifact_id, problem.required_by) == (ErrorCode.ARTIFACT_NOT_FOUND, "x", None)


def test_a_missing_root_that_is_required_too_has_its_dependents() -> None:
    assert only_problem(plan_of(nodes({"a": "x"}), "a", "x")).required_by == ("a",)


def test_artifacts_with_a_missing_dependency_are_still_ordered() -> None:
    assert plan_of(nodes({"a": "bx", "b": ""}), "a").install_order == ("b", "a")


def test_a_root_of_another_tenant_is_a_mismatch_and_nothing_else_is_disclosed() -> None:
    catalog = FakeCatalog(nodes({"a": "x"}).values(), foreign_ids=["x"])

    problem = only_problem(make_plan(catalog, ["a", "x"], Limits()))

    assert problem.code is ErrorCode.TENANT_MISMATCH
    assert problem.as_json().keys() == {"errorCode", "detail", "artifactId"}


def test_a_dependency_of_another_tenant_does_not_exist() -> None:
    catalog = FakeCatalog(nodes({"a": "x"}).values(), foreign_ids=["x"])

    problem = only_problem(make_plan(catalog, ["a"], Limits()))

    assert problem.code is ErrorCode.ARTIFACT_NOT_FOUND
    assert catalog.foreign_lookups == []


def test_only_missing_roots_are_looked_up_in_other_tenants() -> None:
    catalog = FakeCatalog(nodes({"a": "xb", "b": ""}).values(), foreign_ids=["a", "b", "x", "y"])

    make_plan(catalog, ["a", "z", "y"], Limits())

    assert catalog.foreign_lookups == [["z", "y"]]


def test_too_many_missing_roots_are_not_looked_up_in_other_tenants() -> None:
    catalog = FakeCatalog([node("a")], foreign_ids=["x", "y"])

    plan = make_plan(catalog, ["a", "x", "y"], Limits(roots=1))

    assert codes(plan) == ["ArtifactNotFound", "ArtifactNotFound", "PackageTooLarge"]
    assert catalog.foreign_lookups == []


def test_a_missing_dependency_is_the_same_whether_another_tenant_has_it_or_not() -> None:
    graph = nodes({"a": "x"})

    here = make_plan(FakeCatalog(graph.values()), ["a"], Limits())
    elsewhere = make_plan(FakeCatalog(graph.values(), foreign_ids=["x"]), ["a"], Limits())

    assert here == elsewhere


@pytest.mark.parametrize("status", [ArtifactStatus.DRAFT, ArtifactStatus.INCOMPLETE])
def test_incomplete_artifacts_are_reported_with_their_dependents(status: ArtifactStatus) -> None:
    artifacts = [node("a", "b", "c"), node("b", "c"), node("c", status=status)]

    problem = only_problem(plan_of(artifacts, "a"))

    assert (problem.code, problem.artifact_id) == (ErrorCode.INCOMPLETE_ARTIFACT, "c")
    assert problem.required_by == ("a", "b")
    assert status.value in problem.detail


def test_an_incomplete_root_is_reported_too() -> None:
    problem = only_problem(plan_of([node("a", status=ArtifactStatus.DRAFT)], "a"))

    assert (problem.code, problem.required_by) == (ErrorCode.INCOMPLETE_ARTIFACT, None)


@pytest.mark.parametrize("kind", ArtifactType)
@pytest.mark.parametrize("package_type", PackageType)
def test_a_package_type_fits_roots_of_its_primary_types_only(package_type: PackageType, kind: ArtifactType) -> None:
    plan = plan_of([node("root", kind=kind)], "root", package_type=package_type)

    fits = kind.value in PRIMARY[package_type.value]
    assert codes(plan) == ([] if fits else ["PackageTypeMismatch"])


@pytest.mark.parametrize("package_type", [kind for kind in PackageType if kind is not PackageType.CONFIG])
def test_one_root_of_a_primary_type_is_enough(package_type: PackageType) -> None:
    artifacts = [node(kind.value, kind=kind) for kind in ArtifactType]

    assert codes(plan_of(artifacts, *ArtifactType, package_type=package_type)) == []


@pytest.mark.parametrize("package_type", [kind for kind in PackageType if kind is not PackageType.CONFIG])
def test_a_dependency_of_a_primary_type_is_not_sufficient(package_type: PackageType) -> None:
    primary = [node(kind, kind=ArtifactType(kind)) for kind in sorted(PRIMARY[package_type.value])]
    artifacts = [*primary, node("root", *(artifact.id for artifact in primary), kind=ArtifactType.CONFIGURATION)]

    problem = only_problem(plan_of(artifacts, "root", package_type=package_type))

    assert (problem.code, problem.pointer) == (ErrorCode.PACKAGE_TYPE_MISMATCH, "/packageType")
    assert all(kind in problem.detail for kind in PRIMARY[package_type.value])


def test_everything_that_is_not_configuration_is_reported_for_a_config_package() -> None:
    artifacts = [
        node("root", "form", "schema", kind=ArtifactType.RULE_SET),
        node("schema", "form", kind=ArtifactType.ENTITY_SCHEMA),
        node("form", "app", kind=ArtifactType.ATLAS_FORM),
        node("app", kind=ArtifactType.APP_DEFINITION),
    ]

    plan = plan_of(artifacts, "root", package_type=PackageType.CONFIG)

    assert [(problem.code.value, problem.artifact_id, problem.required_by) for problem in plan.problems] == [
        ("PackageTypeMismatch", "form", ("root", "schema")),
        ("PackageTypeMismatch", "app", ("form",)),
    ]


def test_the_package_type_is_not_checked_while_a_root_is_unknown() -> None:
    plan = plan_of([node("a")], "a", "gone", package_type=PackageType.APP)

    assert codes(plan) == ["ArtifactNotFound"]


def test_a_preview_has_no_package_type_mismatch() -> None:
    assert codes(plan_of([node("a", kind=kind) for kind in ArtifactType], "a")) == []


def test_roots_up_to_the_limit_are_accepted_and_duplicates_do_not_count() -> None:
    artifacts = nodes({"a": "", "b": ""})

    assert codes(plan_of(artifacts, "a", "b", "a", "b", limits=Limits(roots=2))) == []


def test_too_many_roots_are_reported_with_limit_and_count_and_the_other_problems() -> None:
    plan = plan_of(nodes({"a": "", "b": "x", "c": ""}), "a", "b", "c", limits=Limits(roots=2))

    assert codes(plan) == ["ArtifactNotFound", "PackageTooLarge"]
    assert numbers(plan.problems[1].detail) == {"3", "2"}


def test_more_roots_than_a_package_has_artifacts_are_refused_before_anything_is_looked_up() -> None:
    catalog = FakeCatalog([])

    with pytest.raises(InstallHubError) as refusal:
        make_plan(catalog, ["a", "b", "c"], Limits(roots=1, artifacts=2))

    assert refusal.value.code is ErrorCode.PACKAGE_TOO_LARGE
    assert numbers(refusal.value.problems[0].detail) == {"3", "1"}
    assert (catalog.lookups, catalog.foreign_lookups) == ([], [])


def test_artifacts_up_to_the_limit_are_accepted() -> None:
    assert codes(plan_of(nodes({"a": "bc", "b": "", "c": ""}), "a", limits=Limits(artifacts=3))) == []


@pytest.mark.parametrize(
    ("edges", "limit", "count"),
    [
        pytest.param({"a": "b", "b": "c", "c": "d", "d": ""}, 3, 4, id="too deep"),
        pytest.param({"a": "bcdefg", "b": "", "c": ""}, 3, 7, id="too wide"),
    ],
)
def test_too_many_artifacts_are_refused_with_limit_and_count(edges: dict[str, str], limit: int, count: int) -> None:
    plan = plan_of(nodes(edges), "a", limits=Limits(artifacts=limit))

    assert plan.problems[-1].code is ErrorCode.PACKAGE_TOO_LARGE
    assert numbers(plan.problems[-1].detail) == {str(count), str(limit)}


def test_an_incomplete_closure_has_no_install_order() -> None:
    plan = plan_of(nodes({"a": "b", "b": "c", "c": ""}), "a", limits=Limits(artifacts=1))

    assert plan.install_order == ()
    assert plan.cycles == ()


@pytest.mark.parametrize(("limit", "expected"), [(30, []), (29, ["PackageTooLarge"])])
def test_bytes_of_definitions_are_limited_over_the_whole_closure(limit: int, expected: list[str]) -> None:
    artifacts = [node("a", "b", "c", size=10), node("b", "c", size=10), node("c", size=10)]

    plan = plan_of(artifacts, "a", limits=Limits(definition_bytes=limit))

    assert codes(plan) == expected
    assert all(numbers(problem.detail) == {"30", "29"} for problem in plan.problems)


def test_the_defaults_are_those_of_the_contract() -> None:
    assert Limits() == Limits(roots=1_000, artifacts=50_000, definition_bytes=5 * 1024**3)


def test_every_problem_is_reported_at_once_in_the_order_of_the_contract() -> None:
    artifacts = [
        node("root", "a", "gone", "draft", size=100),
        node("a", "b"),
        node("b", "a"),
        node("draft", status=ArtifactStatus.DRAFT),
    ]
    catalog = FakeCatalog(artifacts, foreign_ids=["theirs"])

    for_form = make_plan(catalog, ["root"], Limits(definition_bytes=50), PackageType.FORM)
    with_theirs = make_plan(catalog, ["root", "theirs"], Limits(definition_bytes=50), PackageType.FORM)

    assert codes(for_form) == [
        "ArtifactNotFound",
        "CircularDependency",
        "IncompleteArtifact",
        "PackageTypeMismatch",
        "PackageTooLarge",
    ]
    assert codes(with_theirs) == [
        "TenantMismatch",
        "ArtifactNotFound",
        "CircularDependency",
        "IncompleteArtifact",
        "PackageTooLarge",
    ]


def test_each_cycle_is_a_problem_with_its_closed_path() -> None:
    plan = plan_of(nodes({"a": "ba", "b": "ca", "c": ""}), "a")

    assert [(problem.code.value, problem.cycle) for problem in plan.problems] == [
        ("CircularDependency", ("a", "a")),
        ("CircularDependency", ("a", "b", "a")),
    ]
    assert plan.install_order == ()


def test_a_chain_ten_thousand_deep_is_planned() -> None:
    names = [f"n{number:05}" for number in range(10_000)]
    graph = {name: node(name, *names[index + 1 : index + 2]) for index, name in enumerate(names)}

    plan = plan_of(graph, names[0])

    assert plan.install_order == tuple(reversed(names))
    assert plan.closure.resolved_from[names[-1]] == names[-2]


def test_a_cycle_of_ten_thousand_is_planned() -> None:
    names = [f"n{number:05}" for number in range(10_000)]
    graph = {name: node(name, following) for name, following in pairwise([*names, names[0]])}

    plan = plan_of(graph, names[5_000])

    assert only_problem(plan).cycle == (*names, names[0])
