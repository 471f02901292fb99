"""Log entries and metrics of usage-plan keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from installhub.runtime.telemetry import logger, metrics

if TYPE_CHECKING:
    from installhub.identity.usage_key_reclaiming import KeyCounts


def count_tenant_keys(own_keys: int, maximum: int) -> None:
    """Count the subjects with a key of their own, and how many of ``maximum`` these are, in percent.

    With a maximum of 0 all tenants share keys on purpose, so none are used up.
    """
    metrics.add_metric("TenantKeys", MetricUnit.Count, own_keys)
    metrics.add_metric("TenantKeysUsed", MetricUnit.Percent, 100 * own_keys / maximum if maximum else 0)
    metrics.flush_metrics()


def count_reclaimed_keys(counts: KeyCounts, maximum: int) -> None:
    """Log and count the result of giving back keys."""
    logger.info(
        "usage keys reclaimed",
        extra={"reclaimed": counts.reclaimed, "ownKeys": counts.own, "pooledSubjects": counts.pooled},
    )
    metrics.add_metric("PooledSubjects", MetricUnit.Count, counts.pooled)
    count_tenant_keys(counts.own, maximum)
