"""Removes what crashed exports left behind, fails accepted exports that have expired, and lists the signing key."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.failures import claim_sweeper, expired_requests
from installhub.composition.signing_keys import signing_keys
from installhub.exports.metrics import count_sweep
from installhub.runtime.telemetry import instrumented


@instrumented
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Run the sweep; scheduled once an hour."""
    claims = claim_sweeper().sweep()
    requests = expired_requests().fail_all()
    count_sweep(claims, requests)
    signing_keys().register_current()
    return {"claimsRemoved": claims, "requestsExpired": requests}
