"""Resolves root artifacts of a tenant, for a preview or as the first step of an export."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from installhub.artifacts.catalog import ArtifactTable
from installhub.exports.commands import PlanConditions
from installhub.exports.expected_plan import is_expected, plan_changes
from installhub.model.errors import ErrorCode, InstallHubError, sorted_by_precedence
from installhub.resolver.plan import Limits, Plan, make_plan

NO_CONDITIONS: Final = PlanConditions()


def plan_export(
    artifacts: ArtifactTable,
    tenant: str,
    roots: tuple[str, ...],
    limits: Limits,
    conditions: PlanConditions = NO_CONDITIONS,
) -> Plan:
    """Resolve ``roots``. If there is a reason to refuse, repeat it with strongly consistent reads: it may be outdated.

    If the plan is not an expected one, its problems include what differs.
    """
    expected = conditions.expected_plans
    plan = make_plan(artifacts.for_tenant(tenant), roots, limits, conditions.package_type)
    if not plan.problems and is_expected(plan, tenant, expected):
        return plan
    catalog = artifacts.for_tenant(tenant, consistent=True)
    plan = make_plan(catalog, roots, limits, conditions.package_type)
    if expected is None or is_expected(plan, tenant, expected):
        return plan
    changes = plan_changes(catalog, plan, tenant, expected)
    return replace(plan, problems=tuple(sorted_by_precedence([*plan.problems, *changes])))


def preview(artifacts: ArtifactTable, tenant: str, roots: tuple[str, ...], limits: Limits) -> Plan:
    """Resolve ``roots`` without exporting them.

    Raises:
        InstallHubError: A root does not exist in the tenant. All other problems are part of the plan.
    """
    plan = plan_export(artifacts, tenant, roots, limits)
    unusable_roots = [
        problem
        for problem in plan.problems
        if problem.artifact_id in plan.closure.roots
        and problem.code in (ErrorCode.TENANT_MISMATCH, ErrorCode.ARTIFACT_NOT_FOUND)
    ]
    if unusable_roots:
        raise InstallHubError(unusable_roots)
    return plan
