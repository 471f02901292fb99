"""What every function logs and counts, in one place. Nothing here holds a token, a definition or a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from installhub.packages import PackageRecord

Handler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]

logger = Logger()
metrics = Metrics()


def observed(handler: Handler) -> Handler:
    """Give ``handler`` log lines with the request's ids and none of the request before."""

    @wraps(handler)
    @logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
    def observed_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        return handler(event, context)

    return observed_handler


@contextmanager
def failures_logged(what: str) -> Iterator[None]:
    """Log why one record of a batch failed; the batch processor would only report that it did."""
    try:
        yield
    except Exception as error:
        logger.warning(what, extra={"reason": str(error)}, exc_info=error.__cause__ or error)
        raise


def package_exported(record: PackageRecord) -> None:
    """Log and count an export."""
    logger.info(
        "exported",
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


def swept(claims: int, requests: int) -> None:
    """Log and count what dead exports had left, and accepted requests that were given up."""
    logger.info("swept", extra={"claims": claims, "requests": requests})
    metrics.add_metric("OrphansSwept", MetricUnit.Count, claims)
    metrics.add_metric("RequestsGivenUp", MetricUnit.Count, requests)
    metrics.flush_metrics()
