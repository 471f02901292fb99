"""The JWT authorizer: says whom a bearer token stands for and which usage-plan key it counts against."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerRequestEvent,
    APIGatewayAuthorizerResponse,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub import aws
from installhub.auth import InvalidToken, JwksCache, TokenPolicy, TokenVerifier, bearer_token, fetch_jwks
from installhub.caller import to_context
from installhub.telemetry import logger, observed
from installhub.usage import UsageKeys
from installhub.wiring import settings


@cache
def issuer_keys() -> JwksCache:
    """The issuer's keys, kept by this process."""
    jwks_uri = settings().text("JWKS_URI")
    return JwksCache(lambda: fetch_jwks(jwks_uri))


@cache
def verifier() -> TokenVerifier:
    """The verifier of this process."""
    policy = TokenPolicy(
        issuer=settings().text("TOKEN_ISSUER"),
        audience=settings().text("TOKEN_AUDIENCE"),
        scope_claims=settings().names("SCOPE_CLAIMS"),
        tenant_claims=settings().names("TENANT_CLAIMS"),
    )
    return TokenVerifier(policy, issuer_keys())


@cache
def usage_keys() -> UsageKeys:
    """The usage-plan keys, those found ready remembered."""
    return UsageKeys(aws.dynamodb(), settings().text("PLANS_TABLE"), settings().text("SHARED_USAGE_KEY"), time.time)


@observed
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """What Lambda calls.

    The policy covers the whole stage because API Gateway reuses it for every route. A refusal is a Deny, which the
    gateway response ACCESS_DENIED turns into a 401; unlike an exception it is kept, so a bad token costs one
    invocation.
    """
    request = APIGatewayAuthorizerRequestEvent(event)
    try:
        token = bearer_token(request.headers.get("Authorization"))
        caller = verifier().verify(token or "")
    except InvalidToken as refusal:
        logger.info("token refused", extra={"fault": refusal.fault.name})
        denied = _response(request, "anonymous", {}, None)
        denied.deny_all_routes()
        return denied.asdict()
    if issuer_keys().failure:
        logger.warning("issuer out of reach, its last good keys are used", exc_info=issuer_keys().failure)
    usage_key = usage_keys().key_for(caller.tenants)
    allowed = _response(request, caller.subject or "anonymous", to_context(caller), usage_key)
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
