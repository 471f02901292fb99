"""Token verification and the usage-plan keys of callers."""

from __future__ import annotations

import time
from functools import cache

from installhub.composition.process import settings
from installhub.identity.jwks import JwksCache, fetch_jwks
from installhub.identity.tokens import TokenPolicy, TokenVerifier
from installhub.identity.usage_keys import UsageKeyProvisioner, UsageKeys
from installhub.runtime import aws_clients


@cache
def issuer_keys() -> JwksCache:
    """The issuer's keys, cached by this process."""
    jwks_uri = settings().string("JWKS_URI")
    return JwksCache(lambda: fetch_jwks(jwks_uri))


@cache
def token_verifier() -> TokenVerifier:
    """Verifies bearer tokens."""
    policy = TokenPolicy(
        issuer=settings().string("TOKEN_ISSUER"),
        audience=settings().string("TOKEN_AUDIENCE"),
        scope_claims=settings().string_list("SCOPE_CLAIMS"),
        tenant_claims=settings().string_list("TENANT_CLAIMS"),
    )
    return TokenVerifier(policy, issuer_keys())


@cache
def usage_keys() -> UsageKeys:
    """Finds the usage-plan key of a caller."""
    return UsageKeys(
        aws_clients.dynamodb(), settings().string("PLANS_TABLE"), settings().string("SHARED_USAGE_KEY"), time.time
    )


@cache
def usage_key_provisioner() -> UsageKeyProvisioner:
    """Creates usage-plan keys for new tenants."""
    return UsageKeyProvisioner(
        dynamodb=aws_clients.dynamodb(),
        apigateway=aws_clients.apigateway(),
        table=settings().string("PLANS_TABLE"),
        usage_plan=settings().string("USAGE_PLAN_ID"),
        stack=settings().string("STACK_NAME"),
        clock=time.time,
    )
