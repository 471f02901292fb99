"""Gives back the usage-plan keys of tenants that have not been seen for 90 days."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.identity import max_tenant_keys, usage_key_reclaimer
from installhub.identity.metrics import count_reclaimed_keys
from installhub.runtime.telemetry import instrumented


@instrumented
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Give back idle keys; scheduled once a day."""
    counts = usage_key_reclaimer().reclaim()
    count_reclaimed_keys(counts, max_tenant_keys())
    return {"reclaimed": counts.reclaimed, "ownKeys": counts.own, "pooledSubjects": counts.pooled}
