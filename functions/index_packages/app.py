"""Writes the packages in the stream of the packages table to the package index: new ones, and changed lifecycles."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.indexing import package_indexer
from installhub.packages.records import record_from_item
from installhub.runtime.telemetry import bind_log_context, instrumented, logger, record_log_context


def index_package(image: dict[str, Any]) -> str:
    """Bring the index up to date with a package, and return what was done."""
    with record_log_context("package not indexed"):
        package = record_from_item(image)
        bind_log_context(tenant=package.tenant, package_id=package.description.package_id)
        outcome = package_indexer().index(package)
        logger.info("package indexed", extra={"outcome": outcome, "artifacts": package.artifact_count})
        return outcome


@instrumented
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Process stream records. If one fails, all are delivered again, which is safe."""
    return {"outcomes": [index_package(record["dynamodb"]["NewImage"]) for record in event["Records"]]}
