"""The tokens of docs/identity-providers.md, with the parameters next to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from installhub.composition.identity import token_policy
from installhub.identity.jwks import JwksCache
from installhub.identity.tokens import InvalidTokenError, TokenVerifier
from installhub.runtime.settings import Settings
from tests.identity_providers import IdentityProvider, near_misses, read_identity_providers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.identity.verifying import Issuer

PROVIDERS = read_identity_providers()

every_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)


def verifier_for(provider: IdentityProvider, issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(token_policy(Settings(provider.environment)), JwksCache(issuer))


def removed(claims: dict[str, Any]) -> dict[str, Any]:
    """``claims`` without the defaults of ``mint`` that a provider does not set."""
    return {"aud": ..., **claims}


def test_the_page_has_all_providers() -> None:
    assert len(PROVIDERS) == 7


@every_provider
def test_a_providers_token_grants_scope_and_tenant(
    provider: IdentityProvider, issuer: Issuer, mint: Callable[..., str]
) -> None:
    caller = verifier_for(provider, issuer).verify(mint(removed(provider.claims)))

    assert caller.tenants == ("acme",)
    assert "installhub:export" in caller.scopes
    assert caller.subject == provider.claims["sub"]


@every_provider
def test_a_near_miss_of_a_providers_token_is_rejected(
    provider: IdentityProvider, issuer: Issuer, mint: Callable[..., str]
) -> None:
    verifier = verifier_for(provider, issuer)

    for changes in near_misses(provider).values():
        with pytest.raises(InvalidTokenError):
            verifier.verify(mint(removed(provider.claims) | changes))


@every_provider
def test_the_scope_is_not_granted_under_a_similar_name(
    provider: IdentityProvider, issuer: Issuer, mint: Callable[..., str]
) -> None:
    similar = {name: ["installhub", "export", "installhub:exports"] for name in ("scope", "scp", "roles")}
    caller = verifier_for(provider, issuer).verify(mint(removed(provider.claims) | similar))

    assert "installhub:export" not in caller.scopes
