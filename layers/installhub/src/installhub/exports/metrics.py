"""Log entries and metrics of exports."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit

from installhub.packages.records import PackageRecord
from installhub.runtime.telemetry import logger, metrics


def count_export(record: PackageRecord) -> None:
    """Log and count an exported package."""
    logger.info(
        "package exported",
        extra={
            "packageId": record.description.package_id,
            "tenantId": record.tenant,
            "artifacts": record.artifact_count,
            "bundleBytes": record.layout.size,
        },
    )
    metrics.add_metric("PackagesExported", MetricUnit.Count, 1)
    metrics.add_metric("ArtifactsExported", MetricUnit.Count, record.artifact_count)
    metrics.add_metric("BundleBytes", MetricUnit.Bytes, record.layout.size)
    metrics.flush_metrics()


def count_sweep(claims: int, requests: int) -> None:
    """Log and count the claims of crashed exports that were removed, and the accepted exports that expired."""
    logger.info("sweep finished", extra={"claims": claims, "requests": requests})
    metrics.add_metric("OrphanedClaimsRemoved", MetricUnit.Count, claims)
    metrics.add_metric("RequestsExpired", MetricUnit.Count, requests)
    metrics.flush_metrics()
