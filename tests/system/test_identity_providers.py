"""Tokens of identity providers, as docs/identity-providers.md describes them, on a deployed stack."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.identity_providers import IdentityProvider, near_misses, read_identity_providers
from tests.key_server import public_jwk, run_key_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.system.client import Api

UNKNOWN_PACKAGE = "/pkg-00000000-0000-5000-8000-000000000000?tenantId=acme"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(params=read_identity_providers(), ids=lambda provider: provider.name)
def provider(request: pytest.FixtureRequest) -> IdentityProvider:
    found: IdentityProvider = request.param
    return found


@pytest.fixture
def status_of(api: Api, provider: IdentityProvider, key: rsa.RSAPrivateKey) -> Iterator[Callable[..., int]]:
    """The status of a request with the provider's token after some changes of its claims."""

    def send(**changes: Any) -> int:  # noqa: ANN401  # any JSON value
        now = int(time.time())
        claims = {"iat": now, "exp": now + 300, **provider.claims, **changes}
        present = {name: value for name, value in claims.items() if value is not ...}
        token = jwt.encode(present, key, algorithm="RS256", headers={"kid": "provider"})
        return api.call("GET", UNKNOWN_PACKAGE, token=token).status_code

    authorizer = api.stack.outputs["AuthorizerFunction"]
    with run_key_server(public_jwk(key, "provider")) as server:
        environment = provider.environment | {"JWKS_URI": server.url}
        with api.changed_variables(authorizer, **environment):
            yield send


def test_a_providers_token_is_accepted_and_its_near_misses_are_not(
    status_of: Callable[..., int], provider: IdentityProvider
) -> None:
    now = int(time.time())

    assert status_of() == 404, "the caller may ask for the package, which does not exist"
    assert status_of(iat=now + 20, nbf=now + 20) == 404, "the issuer's clock is 20 seconds ahead"
    assert status_of(nbf=now + 900) == 401
    for name, changes in near_misses(provider).items():
        assert status_of(**changes) == 401, name
