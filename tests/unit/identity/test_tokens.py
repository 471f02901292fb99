"""Tokens that ``TokenVerifier`` accepts, and what its faults disclose."""

from __future__ import annotations

import pickle
import subprocess
import sys
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from installhub.identity.caller import Caller
from installhub.identity.claims import TenantClaim
from installhub.identity.jwks import JwksCache, KeysUnavailableError
from installhub.identity.tokens import InvalidTokenError, TokenFault, TokenVerifier
from tests.unit.identity.verifying import POLICY, Issuer

if TYPE_CHECKING:
    from collections.abc import Callable


SECRET = "s3cr3t"


# Accepted tokens


def test_a_valid_token_yields_its_caller(
    verifier: TokenVerifier, issuer: Issuer, mint: Callable[..., str], now: int
) -> None:
    token = mint({"tenants": ["t-2", "t-1"], "scope": "openid installhub:export"})

    assert verifier.verify(token) == Caller(
        subject="user-1",
        tenants=("t-2", "t-1"),
        scopes=frozenset({"openid", "installhub:export"}),
        expires_at=now + 300,
    )
    assert issuer.fetches == 1


@pytest.mark.parametrize(
    ("claims", "tenants"),
    [
        ({}, ()),
        ({"tenants": []}, ()),
        ({"tenants": "t-1"}, ("t-1",)),
        ({"tenant_id": "t-1"}, ("t-1",)),
        ({"tenant_id": ["t-1", "t-2"]}, ("t-1", "t-2")),
        ({"tenant_id": "t-1", "tenants": ["t-3", "t-2"]}, ("t-3", "t-2", "t-1")),
        ({"tenants": ["b", "a", "b"], "tenant_id": "a"}, ("b", "a")),
        ({"tenants": ["Ünïcode / ../ tenant"]}, ("Ünïcode / ../ tenant",)),
        ({"tenants": ["T-1", "t-1", " t-1"]}, ("T-1", "t-1", " t-1")),
        ({"tenants": ["t" * 256]}, ("t" * 256,)),
    ],
)
def test_tenants_are_the_union_of_the_claims_in_order_without_duplicates(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object, tenants: tuple[str, ...]
) -> None:
    assert verifier.verify(mint(claims)).tenants == tenants


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, set()),
        ({"scope": ""}, set()),
        ({"scope": "  a  b "}, {"a", "b"}),
        ({"scp": "a b"}, {"a", "b"}),
        ({"scp": ["a", "b", ""]}, {"a", "b"}),
        ({"scope": ["a", "b"]}, {"a", "b"}),
        ({"scope": "a", "scp": ["b"]}, {"a", "b"}),
    ],
)
def test_scopes_are_the_union_of_the_claims(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object, scopes: set[str]
) -> None:
    assert verifier.verify(mint(claims)).scopes == scopes


def test_claim_names_are_configurable(issuer: Issuer, mint: Callable[..., str]) -> None:
    policy = replace(POLICY, scope_claims=("rights",), tenant_claims=(TenantClaim("org"), TenantClaim("orgs")))
    token = mint({"tenants": ["no"], "scope": "no", "orgs": ["2"], "org": "1", "rights": "yes"})

    caller = TokenVerifier(policy, JwksCache(issuer)).verify(token)

    assert (caller.tenants, caller.scopes) == (("1", "2"), frozenset({"yes"}))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["other", "installhub"]},
        {"exp": 1_800_000_001},
        {"exp": 1_800_000_001.75},
        {"exp": 253_402_300_799},
        {"nbf": 1_800_000_000, "iat": 1_800_000_000},
        {"nbf": 0, "iat": 12.5},
        {"extra": {"nested": [None, True, 1.5]}, "": ""},
    ],
)
def test_claims_at_the_limits_of_validity_are_accepted(
    verifier: TokenVerifier, mint: Callable[..., str], claims: dict[str, Any]
) -> None:
    assert verifier.verify(mint(claims)).expires_at == int(claims.get("exp", 1_800_000_300))


@pytest.mark.parametrize("sub", [..., ""])
def test_the_subject_is_optional(verifier: TokenVerifier, mint: Callable[..., str], sub: object) -> None:
    assert verifier.verify(mint({"sub": sub})).subject == ""


@pytest.mark.parametrize("typ", [..., "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"])
def test_both_types_of_tokens_are_accepted(verifier: TokenVerifier, mint: Callable[..., str], typ: object) -> None:
    assert verifier.verify(mint(header={"typ": typ, "x5t": "thumbprint"})).subject == "user-1"


# Faults, and unavailable keys


def test_faults_are_valid_error_descriptions() -> None:
    allowed = {chr(code) for code in (*range(0x20, 0x22), *range(0x23, 0x5C), *range(0x5D, 0x7F))}

    assert all(set(fault) <= allowed for fault in TokenFault)


def test_faults_are_sentences_about_the_token() -> None:
    assert all(fault.startswith(("The token ", "A token ")) and fault.endswith(".") for fault in TokenFault)


def test_a_rejection_names_its_reason() -> None:
    assert str(InvalidTokenError(TokenFault.EXPIRED)) == "The token has expired."


def test_a_fault_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(InvalidTokenError(TokenFault.EXPIRED))).fault is TokenFault.EXPIRED  # noqa: S301


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"iss": SECRET}, {}),
        ({"tenants": [SECRET + "\n"]}, {}),
        (f'{{"iss": {SECRET}'.encode(), {}),
        ({}, {"kid": SECRET}),
        ({}, {"alg": SECRET}),
        ({}, f'{{"kid": {SECRET}'.encode()),
    ],
)
def test_no_part_of_the_token_is_disclosed(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object, header: object
) -> None:
    token = mint(claims, header)
    with pytest.raises(InvalidTokenError) as caught:
        verifier.verify(token)

    disclosed = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert SECRET not in disclosed
    assert not any(part in disclosed for part in token.split("."))


def test_without_the_issuers_keys_a_token_is_neither_accepted_nor_rejected(mint: Callable[..., str]) -> None:
    verifier = TokenVerifier(POLICY, JwksCache(lambda: b""))

    with pytest.raises(KeysUnavailableError):
        verifier.verify(mint())


# Imports


def test_importing_the_identity_modules_loads_no_cryptography() -> None:
    program = (
        "import sys, installhub.identity.tokens, installhub.identity.jwks\n"
        "sys.exit(' '.join({'jwt', 'cryptography', 'urllib.request', 'http.client'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603

    assert run.stderr.strip() == ""
