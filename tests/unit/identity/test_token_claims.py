"""Claims that ``TokenVerifier`` refuses in a token with a valid signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from installhub.identity.tokens import TokenFault, TokenVerifier
from tests.unit.identity.verifying import each, fault_of

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"iss": "https://issuer.example/"}, TokenFault.ISSUER),
        ({"iss": "https://ISSUER.example"}, TokenFault.ISSUER),
        ({"iss": "https://evil.example"}, TokenFault.ISSUER),
        ({"iss": ""}, TokenFault.ISSUER),
        ({"aud": "other"}, TokenFault.AUDIENCE),
        ({"aud": "installhub2"}, TokenFault.AUDIENCE),
        ({"aud": "other installhub"}, TokenFault.AUDIENCE),
        ({"aud": ["other", "INSTALLHUB"]}, TokenFault.AUDIENCE),
        ({"exp": 1_800_000_000}, TokenFault.EXPIRED),
        ({"exp": 1_799_999_999}, TokenFault.EXPIRED),
        ({"exp": 1_799_999_999.9}, TokenFault.EXPIRED),
        ({"exp": 0}, TokenFault.EXPIRED),
        ({"nbf": 1_800_000_001}, TokenFault.NOT_YET_VALID),
        ({"nbf": 1_800_000_001.1}, TokenFault.NOT_YET_VALID),
    ],
    ids=repr,
)
def test_claims_that_forbid_access_are_refused(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object, fault: TokenFault
) -> None:
    assert fault_of(verifier, mint(claims)) is fault


INVALID_TEXTS: tuple[object, ...] = (
    1,
    True,
    {},
    {"installhub": 1},
    ["installhub", 1],
    ["installhub", None],
    [["installhub"]],
)
INVALID_DATES: tuple[object, ...] = (True, False, "1800000300", "", [], {}, -1, 253_402_300_800, 1e300, 10**400)
INVALID_TENANTS: tuple[object, ...] = ([""], ["t-1", ""], "t" * 257, "t\n1", "t\0", "\x7f", "t\u2028", "\ud800")


@pytest.mark.parametrize(
    "claims",
    [
        *each("iss", ..., None, ["https://issuer.example"], *INVALID_TEXTS),
        *each("aud", ..., None, "", [], *INVALID_TEXTS),
        *each("exp", ..., None, *INVALID_DATES),
        *each("nbf", *INVALID_DATES),
        *each("iat", *INVALID_DATES),
        *each("sub", ["user-1"], "s" * 257, "s\n", "\x1b[31m", "\udfff", *INVALID_TEXTS),
        *each("tenants", *INVALID_TEXTS, *INVALID_TENANTS),
        *each("tenant_id", *INVALID_TEXTS, *INVALID_TENANTS),
        *each("scope", "a\tb", "a\nb", "a" * 257, "\ud800", *INVALID_TEXTS),
        *each("scp", ["a installhub:export"], ["a\0"], *INVALID_TEXTS),
    ],
    ids=repr,
)
def test_missing_or_malformed_claims_are_refused(
    verifier: TokenVerifier, mint: Callable[..., str], claims: object
) -> None:
    assert fault_of(verifier, mint(claims)) is TokenFault.CLAIMS


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{'iss': 1}",
        b'{"a":1}{"a":1}',
        b"\xff\xfe",
        b"[" * 3000,
        *(
            b'{"iss":"https://issuer.example","aud":"installhub","exp":1800000300,%s}' % more
            for more in (
                b'"exp":1800000300',
                b'"aud":"installhub"',
                b'"\\u0069ss":"https://issuer.example"',
                b'"x":[{"a":1,"a":2}]',
                b'"nbf":NaN',
                b'"x":Infinity',
                b'"nbf":1e999',
                b'"nbf":-1e999',
                b'"nbf":' + b"1" * 5000,
                b'"x":' + b'{"a":' * 1000,
            )
        ),
    ],
    ids=lambda payload: repr(payload[-40:]),
)
def test_payloads_that_are_not_a_strict_json_object_are_refused(
    verifier: TokenVerifier, mint: Callable[..., str], payload: bytes
) -> None:
    assert fault_of(verifier, mint(payload)) is TokenFault.CLAIMS
