"""The JWT authorizer: verifies a bearer token, and returns the caller and the caller's usage-plan key."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerRequestEvent,
    APIGatewayAuthorizerResponse,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.identity import issuer_keys, token_verifier, usage_keys
from installhub.identity.caller import authorizer_context
from installhub.identity.tokens import InvalidTokenError, bearer_token
from installhub.runtime.telemetry import instrumented, logger


@instrumented
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Authorize a request.

    The policy covers the whole stage because API Gateway reuses it for every route. A rejected token is a Deny, which
    the gateway response ACCESS_DENIED turns into a 401; unlike an exception it is cached, so a bad token costs one
    invocation.
    """
    request = APIGatewayAuthorizerRequestEvent(event)
    try:
        token = bearer_token(request.headers.get("Authorization"))
        caller = token_verifier().verify(token or "")
    except InvalidTokenError as rejection:
        logger.info("token rejected", extra={"fault": rejection.fault.name})
        denied = _response(request, "anonymous", {}, None)
        denied.deny_all_routes()
        return denied.asdict()
    if issuer_keys().failure:
        logger.warning("issuer unreachable, using its last good keys", exc_info=issuer_keys().failure)
    usage_key = usage_keys().key_for(caller.tenants)
    allowed = _response(request, caller.subject or "anonymous", authorizer_context(caller), usage_key)
    allowed.allow_all_routes()
    return allowed.asdict()


def _response(
    request: APIGatewayAuthorizerRequestEvent, principal: str, context: dict[str, str], usage_key: str | None
) -> APIGatewayAuthorizerResponse:
    arn = request.parsed_arn
    return APIGatewayAuthorizerResponse(
        principal_id=principal,
        region=arn.region,
        aws_account_id=arn.aws_account_id,
        api_id=arn.api_id,
        stage=arn.stage,
        context=context,
        usage_identifier_key=usage_key,
        partition=arn.partition,
    )
