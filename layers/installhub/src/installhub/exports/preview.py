"""Resolves root artifacts of a tenant, for a preview or as the first step of an export."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from installhub.artifacts.catalog import ArtifactTable, TenantCatalog
from installhub.exports.commands import PlanConditions
from installhub.exports.expected_plan import is_expected, plan_changes
from installhub.model.errors import ErrorCode, InstallHubError, Problem, sorted_by_precedence
from installhub.resolver.plan import Limits, Plan, make_plan
from installhub.resolver.secrets_found import secrets_found
from installhub.resolver.undeclared import undeclared_references

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
    plan = _plan(artifacts.for_tenant(tenant), roots, limits, conditions)
    if not plan.problems and is_expected(plan, tenant, expected):
        return plan
    catalog = artifacts.for_tenant(tenant, consistent=True)
    plan = _plan(catalog, roots, limits, conditions)
    if expected is None or is_expected(plan, tenant, expected):
        return plan
    return _with_problems(plan, plan_changes(catalog, plan, tenant, expected))


def _plan(catalog: TenantCatalog, roots: tuple[str, ...], limits: Limits, conditions: PlanConditions) -> Plan:
    plan = make_plan(catalog, roots, limits, conditions.package_type)
    problems: list[Problem] = []
    if conditions.declared_references:
        problems += undeclared_references(plan.closure, catalog.existing)
    if conditions.no_secrets:
        problems += secrets_found(plan.closure)
    return _with_problems(plan, problems) if problems else plan


def _with_problems(plan: Plan, problems: list[Problem]) -> Plan:
    return replace(plan, problems=tuple(sorted_by_precedence([*plan.problems, *problems])))


def preview(
    artifacts: ArtifactTable,
    tenant: str,
    roots: tuple[str, ...],
    limits: Limits,
    conditions: PlanConditions = NO_CONDITIONS,
) -> Plan:
    """Resolve ``roots`` without exporting them.

    Raises:
        InstallHubError: A root does not exist in the tenant. All other problems are part of the plan.
    """
    plan = plan_export(artifacts, tenant, roots, limits, conditions)
    unusable_roots = [
        problem
        for problem in plan.problems
        if problem.artifact_id in plan.closure.roots
        and problem.code in (ErrorCode.TENANT_MISMATCH, ErrorCode.ARTIFACT_NOT_FOUND)
    ]
    if unusable_roots:
        raise InstallHubError(unusable_roots)
    return plan
