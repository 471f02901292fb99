"""Token verification and the usage-plan keys of callers."""

from __future__ import annotations

import time
from functools import cache, partial

from installhub.composition.process import settings
from installhub.identity.claims import TenantClaim, parse_scope_names
from installhub.identity.discovery import DiscoveredKeys
from installhub.identity.jwks import JwksCache, fetch
from installhub.identity.tokens import TokenPolicy, TokenVerifier
from installhub.identity.usage_key_provisioning import ApiKeys, UsageKeyProvisioner
from installhub.identity.usage_key_reclaiming import UsageKeyReclaimer
from installhub.identity.usage_keys import UsageKeys
from installhub.runtime import aws_clients
from installhub.runtime.dynamodb import Table
from installhub.runtime.settings import Settings


@cache
def issuer_keys() -> JwksCache:
    """The issuer's keys, cached by this process."""
    jwks_uri = settings().optional_string("JWKS_URI")
    return JwksCache(partial(fetch, jwks_uri) if jwks_uri else DiscoveredKeys(settings().string("TOKEN_ISSUER")))


@cache
def token_verifier() -> TokenVerifier:
    """Verifies bearer tokens."""
    return TokenVerifier(token_policy(settings()), issuer_keys())


def token_policy(settings: Settings) -> TokenPolicy:
    """What a token must contain, as configured."""
    return TokenPolicy(
        issuer=settings.string("TOKEN_ISSUER"),
        audiences=frozenset(settings.string_list("TOKEN_AUDIENCE")),
        audience_claims=settings.string_list("AUDIENCE_CLAIMS"),
        scope_claims=settings.string_list("SCOPE_CLAIMS"),
        scope_names=parse_scope_names(settings.optional_string_list("SCOPE_NAMES")),
        tenant_claims=tuple(map(TenantClaim.parse, settings.string_list("TENANT_CLAIMS"))),
        clock_skew_seconds=settings.integer("CLOCK_SKEW_SECONDS"),
    )


@cache
def usage_keys() -> UsageKeys:
    """Looks up the usage-plan keys of callers."""
    return UsageKeys(
        aws_clients.dynamodb(), settings().string("PLANS_TABLE"), settings().string("SHARED_USAGE_KEY"), time.time
    )


def max_tenant_keys() -> int:
    """How many tenants may have a usage-plan key of their own."""
    return settings().integer("MAX_TENANT_KEYS")


@cache
def usage_key_provisioner() -> UsageKeyProvisioner:
    """Creates usage-plan keys for new tenants."""
    return UsageKeyProvisioner(_plans(), _api_keys(), max_tenant_keys(), time.time)


@cache
def usage_key_reclaimer() -> UsageKeyReclaimer:
    """Gives back the usage-plan keys of idle tenants."""
    return UsageKeyReclaimer(_plans(), _api_keys(), max_tenant_keys(), time.time)


def _plans() -> Table:
    return Table(aws_clients.dynamodb(), settings().string("PLANS_TABLE"))


def _api_keys() -> ApiKeys:
    return ApiKeys(aws_clients.apigateway(), settings().string("USAGE_PLAN_ID"), settings().string("STACK_NAME"))
