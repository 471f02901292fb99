"""Removes what crashed exports left behind, and fails accepted exports that have expired."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.failures import claim_sweeper, expired_requests
from installhub.exports.metrics import count_sweep
from installhub.runtime.telemetry import instrumented


@instrumented
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Run the sweep; scheduled once an hour."""
    claims = claim_sweeper().sweep()
    requests = expired_requests().fail_all()
    count_sweep(claims, requests)
    return {"claimsRemoved": claims, "requestsExpired": requests}
