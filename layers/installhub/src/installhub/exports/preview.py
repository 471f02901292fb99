"""Resolves root artifacts of a tenant, for a preview or as the first step of an export."""

from __future__ import annotations

from installhub.artifacts.catalog import ArtifactTable
from installhub.model.artifact import PackageType
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.resolver.plan import Limits, Plan, make_plan


def plan_export(
    artifacts: ArtifactTable,
    tenant: str,
    roots: tuple[str, ...],
    limits: Limits,
    package_type: PackageType | None = None,
) -> Plan:
    """Resolve ``roots``. If there are problems, repeat it with strongly consistent reads: they may be outdated."""
    plan = make_plan(artifacts.for_tenant(tenant), roots, limits, package_type)
    if plan.problems:
        plan = make_plan(artifacts.for_tenant(tenant, consistent=True), roots, limits, package_type)
    return plan


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
