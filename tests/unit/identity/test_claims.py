"""Claims as identity providers write them: nested, prefixed, renamed, null or empty; and clocks that differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.identity.claims import TenantClaim, find_claim, parse_scope_names, rename_scopes
from installhub.identity.jwks import JwksCache
from installhub.identity.tokens import TokenFault, TokenPolicy, TokenVerifier
from tests.unit.identity.verifying import NOW, POLICY, Issuer, fault_of

if TYPE_CHECKING:
    from collections.abc import Callable


def verifier_with(issuer: Issuer, **changes: object) -> TokenVerifier:
    policy: TokenPolicy = replace(POLICY, **changes)  # type: ignore[arg-type]  # fields of the policy
    return TokenVerifier(policy, JwksCache(issuer))


@pytest.mark.parametrize(
    "claims",
    [
        {"tenant_id": None, "tenants": ["acme"]},
        {"tenant_id": "", "tenants": ["acme"]},
        {"tenant_id": [], "tenants": ["acme"]},
        {"scp": None, "scope": "installhub:export", "tenants": "acme"},
        {"sub": None, "tenants": "acme"},
        {"nbf": None, "iat": None, "tenants": "acme"},
    ],
    ids=repr,
)
def test_an_optional_claim_that_is_null_or_empty_counts_as_absent(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object
) -> None:
    assert verifier.verify(mint(claims)).tenants == ("acme",)


@pytest.mark.parametrize(
    ("claim", "claims", "tenants"),
    [
        ("ext.tenants", {"ext": {"tenants": ["a", "b"]}}, ("a", "b")),
        ("ext.tenants", {"ext": {"tenants": "a"}}, ("a",)),
        ("ext.tenants", {"ext.tenants": "exact", "ext": {"tenants": "nested"}}, ("exact",)),
        ("ext.tenants", {"ext": None}, ()),
        ("ext.tenants", {"ext": ["tenants"]}, ()),
        ("ext.tenants", {}, ()),
        ("https://hub.example/tenants", {"https://hub.example/tenants": ["a"]}, ("a",)),
        ("groups=tenant:", {"groups": ["tenant:a", "admins", "tenant:b", "Tenant:c", " tenant:d"]}, ("a", "b")),
        ("groups=tenant:", {"groups": "tenant:a"}, ("a",)),
        ("groups=tenant:", {"groups": ["admins"]}, ()),
        ("ext.groups=t-", {"ext": {"groups": ["t-t-a"]}}, ("t-a",)),
    ],
)
def test_tenants_are_found_in_nested_and_prefixed_claims(
    issuer: Issuer, mint: Callable[..., str], claim: str, claims: object, tenants: tuple[str, ...]
) -> None:
    verifier = verifier_with(issuer, tenant_claims=(TenantClaim.parse(claim),))

    assert verifier.verify(mint(claims)).tenants == tenants


@pytest.mark.parametrize(
    ("claim", "claims"),
    [
        ("groups=tenant:", {"groups": ["tenant:"]}),
        ("groups=tenant:", {"groups": ["tenant:a", 1]}),
        ("groups=tenant:", {"groups": {"tenant:a": 1}}),
        ("ext.tenants", {"ext": {"tenants": [""]}}),
        ("ext.tenants", {"ext": {"tenants": {"a": 1}}}),
        ("ext.tenants", {"ext": {"tenants": "a\n"}}),
    ],
)
def test_a_malformed_tenant_claim_rejects_the_token(
    issuer: Issuer, mint: Callable[..., str], claim: str, claims: object
) -> None:
    verifier = verifier_with(issuer, tenant_claims=(TenantClaim.parse(claim),))

    assert fault_of(verifier, mint(claims)) is TokenFault.CLAIMS


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"aud": ..., "client_id": "installhub"}, None),
        ({"aud": None, "client_id": "installhub"}, None),
        ({"aud": [], "client_id": ["other", "second"]}, None),
        ({"aud": "second"}, None),
        ({"aud": "other", "client_id": "installhub"}, TokenFault.AUDIENCE),
        ({"aud": ..., "client_id": "other"}, TokenFault.AUDIENCE),
        ({"aud": ..., "client_id": ...}, TokenFault.CLAIMS),
        ({"aud": ..., "client_id": 1}, TokenFault.CLAIMS),
    ],
    ids=repr,
)
def test_the_first_audience_claim_that_is_present_decides(
    issuer: Issuer, mint: Callable[..., str], claims: object, fault: TokenFault | None
) -> None:
    verifier = verifier_with(
        issuer, audiences=frozenset({"installhub", "second"}), audience_claims=("aud", "client_id")
    )

    if fault is None:
        verifier.verify(mint(claims))
    else:
        assert fault_of(verifier, mint(claims)) is fault


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"nbf": NOW + 60}, None),
        ({"nbf": NOW + 61}, TokenFault.NOT_YET_VALID),
        ({"exp": NOW - 59}, None),
        ({"exp": NOW - 60}, TokenFault.EXPIRED),
        ({"iat": NOW + 20}, None),
        ({"iat": NOW + 900}, None),
        ({"iat": NOW + 20, "nbf": NOW + 20}, None),
        ({"iat": NOW + 900, "nbf": NOW + 900}, TokenFault.NOT_YET_VALID),
    ],
    ids=repr,
)
def test_clocks_may_differ_by_the_skew(
    issuer: Issuer, mint: Callable[..., str], claims: object, fault: TokenFault | None
) -> None:
    verifier = verifier_with(issuer, clock_skew_seconds=60)

    if fault is None:
        verifier.verify(mint(claims))
    else:
        assert fault_of(verifier, mint(claims)) is fault


def test_the_caller_may_act_until_the_token_stops_being_accepted(issuer: Issuer, mint: Callable[..., str]) -> None:
    caller = verifier_with(issuer, clock_skew_seconds=60).verify(mint({"exp": NOW - 10}))

    assert caller.expires_at == NOW + 50


@pytest.mark.parametrize(
    ("granted", "scopes"),
    [
        (["hub/export"], {"installhub:export"}),
        (["Export.All", "openid"], {"installhub:export", "openid"}),
        (["installhub:export"], set()),
        (["hub/exports"], {"hub/exports"}),
        ([], set()),
    ],
)
def test_a_renamed_scope_is_granted_by_the_issuers_names_only(granted: list[str], scopes: set[str]) -> None:
    names = parse_scope_names(["installhub:export=hub/export", "installhub:export=Export.All"])

    assert rename_scopes(granted, names) & {*scopes, "installhub:export"} == scopes


def test_an_issuers_name_of_a_scope_may_contain_an_equals_sign() -> None:
    assert parse_scope_names(["installhub:export=a=b"]) == {"installhub:export": frozenset({"a=b"})}


@pytest.mark.parametrize("entry", ["installhub:export", "=x", "installhub:export=", ""])
def test_a_scope_name_of_another_form_is_a_configuration_error(entry: str) -> None:
    with pytest.raises(ValueError, match="ScopeNames"):
        parse_scope_names([entry])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "a.b"]), json_values), st.sampled_from(["a", "a.b", "a.b.a", "."]))
def test_a_claim_of_any_form_is_found_or_absent(claims: dict[str, object], name: str) -> None:
    nested = claims.get("a")
    expected = {
        "a": nested,
        "a.b": claims["a.b"] if "a.b" in claims else nested.get("b") if isinstance(nested, dict) else None,
    }

    found = find_claim(claims, name)

    if name in expected:
        assert found == (None if expected[name] in ("", []) else expected[name])
