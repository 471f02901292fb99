"""Preview: unknown roots are refused after a consistent read; all other problems are warnings."""

from __future__ import annotations

from typing import cast

import pytest

from installhub.artifacts.catalog import ArtifactTable
from installhub.exports.commands import PlanConditions
from installhub.exports.preview import plan_export, preview
from installhub.model.artifact import ArtifactNode, ArtifactStatus
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.resolver.plan import Limits, Plan
from installhub.resolver.plan_tag import plan_tag
from tests.builders import TENANT, FakeCatalog, node, nodes


class FakeTable:
    """An artifacts table whose eventually consistent reads may return older data."""

    def __init__(self, now: list[ArtifactNode], before: list[ArtifactNode] | None = None) -> None:
        self.catalogs = {True: FakeCatalog(now, ["theirs"]), False: FakeCatalog(before or now, ["theirs"])}
        self.reads: list[tuple[str, bool]] = []

    def for_tenant(self, tenant: str, *, consistent: bool = False) -> FakeCatalog:
        self.reads.append((tenant, consistent))
        return self.catalogs[consistent]


def preview_of(table: FakeTable, *roots: str, limits: Limits | None = None) -> Plan:
    return preview(cast("ArtifactTable", table), TENANT, roots, limits or Limits())


def codes(plan: Plan) -> list[str]:
    return [problem.code.value for problem in plan.problems]


@pytest.mark.parametrize(
    ("root", "code"), [("gone", ErrorCode.ARTIFACT_NOT_FOUND), ("theirs", ErrorCode.TENANT_MISMATCH)]
)
def test_a_root_that_is_not_the_tenant_s_is_refused_as_in_an_export(root: str, code: ErrorCode) -> None:
    with pytest.raises(InstallHubError) as refusal:
        preview_of(FakeTable([node("a", "gone too")]), "a", root)

    assert [(problem.code, problem.artifact_id) for problem in refusal.value.problems] == [(code, root)]


def test_all_roots_outside_the_tenant_are_reported_foreign_ones_first() -> None:
    with pytest.raises(InstallHubError) as refusal:
        preview_of(FakeTable([]), "gone", "theirs", "lost")

    assert [problem.artifact_id for problem in refusal.value.problems] == ["theirs", "gone", "lost"]


def test_all_other_problems_are_warnings() -> None:
    table = FakeTable([node("a", "b", "gone"), node("b", "a", status=ArtifactStatus.DRAFT)])

    plan = preview_of(table, "a", limits=Limits(definition_bytes=1))

    assert codes(plan) == ["ArtifactNotFound", "CircularDependency", "IncompleteArtifact", "PackageTooLarge"]


def test_a_missing_dependency_of_a_root_is_only_a_warning() -> None:
    assert codes(preview_of(FakeTable([node("a", "gone")]), "a")) == ["ArtifactNotFound"]


def test_a_plan_without_problems_takes_one_eventually_consistent_read() -> None:
    table = FakeTable(list(nodes({"a": "b", "b": ""}).values()))

    assert preview_of(table, "a").problems == ()
    assert table.reads == [(TENANT, False)]


def test_a_refusal_is_based_on_consistent_reads() -> None:
    table = FakeTable(now=list(nodes({"a": "b", "b": ""}).values()), before=list(nodes({"a": "b"}).values()))

    plan = plan_export(cast("ArtifactTable", table), TENANT, ("a",), Limits())

    assert plan.problems == ()
    assert table.reads == [(TENANT, False), (TENANT, True)]


def expecting(table: FakeTable, *tags: str) -> Plan:
    return plan_export(cast("ArtifactTable", table), TENANT, ("a",), Limits(), PlanConditions(expected_plans=tags))


CHAIN = list(nodes({"a": "b", "b": ""}).values())
REVISED = [CHAIN[0], node("b", name="Other")]


def test_an_expected_plan_takes_one_eventually_consistent_read() -> None:
    table = FakeTable(CHAIN)

    assert expecting(table, "other", plan_tag(preview_of(FakeTable(CHAIN), "a"), TENANT)).problems == ()
    assert table.reads == [(TENANT, False)]


def test_an_unexpected_plan_may_be_outdated() -> None:
    table = FakeTable(now=REVISED, before=CHAIN)

    assert expecting(table, plan_tag(preview_of(FakeTable(REVISED), "a"), TENANT)).problems == ()
    assert table.reads == [(TENANT, False), (TENANT, True)]


def test_what_differs_from_the_expected_plan_is_a_problem() -> None:
    table = FakeTable(REVISED)

    (problem,) = expecting(table, plan_tag(preview_of(FakeTable(CHAIN), "a"), TENANT)).problems

    assert (problem.code, problem.artifact_id, problem.change) == (ErrorCode.PLAN_CHANGED, "b", "modified")
    assert table.catalogs[True].full_reads == 0


def test_more_differences_than_can_be_named_are_reported() -> None:
    leaves = [f"leaf-{number}" for number in range(800)]
    before = [node("a", *leaves), *map(node, leaves)]
    tag = plan_tag(preview_of(FakeTable(before), "a"), TENANT)

    problems = expecting(FakeTable([before[0], *(node(leaf, name="Other") for leaf in leaves)]), tag).problems

    assert {problem.code for problem in problems} == {ErrorCode.PLAN_CHANGED}
    assert (problems[-1].artifact_id, problems[-1].change) == (None, None)
    assert {problem.change for problem in problems[:-1]} <= {"modified"}


def test_without_tags_to_choose_from_no_plan_is_expected() -> None:
    assert codes(expecting(FakeTable(CHAIN))) == ["PlanChanged"]
