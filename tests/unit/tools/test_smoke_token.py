"""What `make smoke` says about a rejected token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import time_machine

from operations.smoke.token import explain_rejection, read_claims

NOW = 1_800_000_000
PARAMETERS = {
    "TokenIssuer": "https://issuer.example/",
    "TokenAudience": "installhub,other",
    "AudienceClaims": "aud,client_id",
    "JwksUri": "https://issuer.example/keys",
    "ClockSkewSeconds": "60",
}
CLAIMS: dict[str, Any] = {"iss": "https://issuer.example/", "aud": "installhub", "exp": NOW + 300}


@pytest.fixture(autouse=True)
def _stopped_clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def reasons(parameters: dict[str, str] = PARAMETERS, **changes: Any) -> str:  # noqa: ANN401
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not ...}
    return "\n".join(explain_rejection(claims, parameters))


def test_claims_are_read_without_a_key() -> None:
    assert read_claims(jwt.encode({"iss": "a"}, "x" * 32)) == {"iss": "a"}


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.W10.c"])
def test_a_text_that_is_no_jwt_has_no_claims(token: str) -> None:
    assert read_claims(token) == {}
    assert list(explain_rejection({}, PARAMETERS)) == ["it is not a JWT"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW - 61}, "it expired"),
        ({"exp": ...}, "it expired: exp is None"),
        ({"nbf": NOW + 90}, "not valid yet"),
        ({"iss": "https://issuer.example"}, "its issuer is 'https://issuer.example', and TokenIssuer is"),
        ({"aud": "hub"}, "its audience is 'hub', and TokenAudience is 'installhub,other'"),
        ({"aud": ["hub"]}, "its audience is ['hub']"),
        ({"aud": ...}, "it has none of the claims aud, client_id: set AudienceClaims"),
    ],
)
def test_the_wrong_claim_is_named(changes: dict[str, Any], reason: str) -> None:
    assert reason in reasons(**changes)


@pytest.mark.parametrize("changes", [{}, {"exp": NOW - 30}, {"nbf": NOW + 30}, {"aud": ["x", "other"]}])
def test_with_correct_claims_only_the_key_can_be_wrong(changes: dict[str, Any]) -> None:
    assert reasons(**changes).startswith("its key, or its algorithm (RS256 is required)")
    assert "https://issuer.example/keys" in reasons(**changes)


def test_with_discovery_the_address_of_the_document_is_named() -> None:
    parameters = {**PARAMETERS, "JwksUri": ""}

    assert "https://issuer.example/.well-known/openid-configuration" in reasons(parameters)


def test_cognitos_tokens_have_their_audience_in_another_claim() -> None:
    assert "audience" not in reasons(aud=..., client_id="installhub")


def test_without_the_stacks_parameters_the_claims_to_compare_are_listed() -> None:
    listed = reasons({})

    assert "TokenIssuer" in listed
    assert "TokenAudience" in listed
