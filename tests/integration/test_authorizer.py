"""The authorizer: whom a token stands for, told to API Gateway for the whole stage, and which key it counts against."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from installhub.identity.caller import caller_from_context
from installhub.model.errors import ErrorCode, InstallHubError
from tests.conftest import Record
from tests.integration.support import issuer as issuers
from tests.integration.support.api import EXPORT_BODY, Api
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.plans import UsagePlan, planned
from tests.template import template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.support.issuer import Issuer
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

ISSUER: str = template()["Parameters"]["TokenIssuer"]["Default"]
STAGE_ARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod"
SHARED_KEY = "installhub-shared-6d0f7c1e-58b2-11f1-9c4a-0e2b7d5f8a31"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuers.serving() as issuer:
        yield issuer


@dataclass
class Gate:
    """The authorizer, as API Gateway asks it."""

    functions: Functions
    issuer: Issuer

    def ask(self, authorization: str | None, header: str = "Authorization") -> dict[str, Any]:
        event = sample_event("authorizer")
        for part in ("headers", "multiValueHeaders"):
            del event[part]["Authorization"]
        if authorization is not None:
            event["headers"][header] = authorization
            event["multiValueHeaders"][header] = [authorization]
        result: dict[str, Any] = self.functions.invoke("authorizer", event)
        return result

    def admit(self, *tenants: str, **claims: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
        """What a good token for ``tenants`` gets."""
        result = self.ask(f"Bearer {self.issuer.token(ISSUER, *tenants, **claims)}")
        assert is_allowed(result)
        return result


@pytest.fixture
def plan(world: World) -> UsagePlan:
    return planned(world)


@pytest.fixture
def gate(plan: UsagePlan, issuer: Issuer) -> Gate:
    issuer.server.status = 200
    return Gate(Functions(replace(plan.deployment, parameters={"JwksUri": issuer.server.url})), issuer)


def is_allowed(result: dict[str, Any]) -> bool:
    """Whether a policy lets pass; it is for the whole stage and for nothing else either way."""
    policy = result["policyDocument"]
    assert policy["Version"] == "2012-10-17"
    (statement,) = policy["Statement"]
    assert statement["Action"] in ("execute-api:Invoke", ["execute-api:Invoke"])
    assert statement["Resource"] in (f"{STAGE_ARN}/*/*", [f"{STAGE_ARN}/*/*"])
    return bool(statement["Effect"] == "Allow")


def test_a_valid_token_is_allowed_the_whole_stage(gate: Gate) -> None:
    result = gate.admit(TENANT)

    assert result["principalId"] == "hr-automation"
    assert set(result) == {"principalId", "policyDocument", "context", "usageIdentifierKey"}


def test_the_context_is_flat_strings_that_the_functions_read(gate: Gate) -> None:
    expires_at = int(time.time()) + 100
    result = gate.admit(TENANT, OTHER_TENANT, exp=expires_at)

    assert all(isinstance(value, str) for value in result["context"].values())
    caller = caller_from_context(result["context"], time.time())
    assert caller.subject == "hr-automation"
    assert caller.tenants == (TENANT, OTHER_TENANT)
    assert caller.scopes == {"installhub:export", "openid"}
    assert caller.expires_at == expires_at + 60, "the default clock skew"


def test_tenants_of_any_name_survive_the_way(gate: Gate) -> None:
    tenants = ('a"b', "a,b", "労働 \\ {x}", "x" * 256)
    result = gate.admit(*tenants)

    assert caller_from_context(result["context"], time.time()).tenants == tenants


@pytest.mark.parametrize("claims", [{"tenants": ..., "tenant_id": TENANT}, {"tenants": TENANT}])
@pytest.mark.parametrize("scp", [["installhub:export"], "installhub:export"])
def test_scopes_and_tenants_may_be_in_either_claim(gate: Gate, claims: dict[str, Any], scp: object) -> None:
    caller = caller_from_context(gate.admit(**claims, scope=..., scp=scp)["context"], time.time())

    assert caller.tenants == (TENANT,)
    assert caller.scopes == {"installhub:export"}


def test_the_scheme_and_the_headers_name_are_read_in_any_case(gate: Gate) -> None:
    token = gate.issuer.token(ISSUER, TENANT)

    assert is_allowed(gate.ask(f"bearer {token}"))
    assert is_allowed(gate.ask(f"BEARER  {token} ", header="authorization"))


def test_a_token_without_the_scope_is_allowed_here_and_refused_by_the_functions(gate: Gate) -> None:
    """A policy knows no reasons; the functions answer InsufficientScope."""
    context = gate.admit(TENANT, scope="openid")["context"]

    with pytest.raises(InstallHubError) as refusal:
        caller_from_context(context, time.time())

    assert refusal.value.code is ErrorCode.INSUFFICIENT_SCOPE


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example/"},
        {"iss": ...},
        {"aud": "another"},
        {"aud": ...},
        {"exp": int(time.time()) - 61},
        {"exp": ...},
        {"nbf": int(time.time()) + 1000},
        {"tenants": [7]},
        {"tenants": [""]},
        {"scope": {}},
        {"sub": "line\nbreak"},
    ],
)
def test_a_token_with_a_bad_claim_is_denied(gate: Gate, changes: dict[str, Any]) -> None:
    result = gate.ask(f"Bearer {gate.issuer.token(ISSUER, TENANT, **changes)}")

    assert_denied(result)


def assert_denied(result: dict[str, Any]) -> None:
    assert not is_allowed(result)
    assert not result.get("context")
    assert "usageIdentifierKey" not in result


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpwYXNz", "Bearer a.b.c", "Bearer a b", "ä"],
)
def test_a_malformed_token_is_denied_without_asking_the_issuer(gate: Gate, authorization: str | None) -> None:
    asked = gate.issuer.asked

    assert_denied(gate.ask(authorization))

    assert gate.issuer.asked == asked


def test_a_token_signed_by_another_key_is_denied(gate: Gate) -> None:
    stranger = rsa.generate_private_key(65537, 2048)

    assert_denied(gate.ask(f"Bearer {gate.issuer.token(ISSUER, TENANT, key=stranger)}"))


def test_the_issuers_keys_are_fetched_once(gate: Gate) -> None:
    asked = gate.issuer.asked
    for _ in range(5):
        gate.admit(TENANT)

    assert gate.issuer.asked == asked + 1


def test_without_the_issuers_keys_no_token_is_denied(gate: Gate) -> None:
    """An exception becomes AUTHORIZER_FAILURE, a 503; a Deny would tell clients that their tokens are bad."""
    gate.issuer.server.status = 503

    with pytest.raises(Exception, match="key set"):
        gate.ask(f"Bearer {gate.issuer.token(ISSUER, TENANT)}")


def test_an_issuer_that_is_down_is_asked_less_and_less_often(gate: Gate, record: Record) -> None:
    gate.issuer.server.status = 503
    asked = gate.issuer.asked
    until = time.monotonic() + 2.5

    refused = 0
    while time.monotonic() < until:
        with pytest.raises(Exception, match="key set"):
            gate.ask(f"Bearer {gate.issuer.token(ISSUER, TENANT)}")
        refused += 1

    requests = gate.issuer.asked - asked
    assert refused > 20
    assert 2 <= requests <= 3  # at once, after 1 s, 2 s after that
    record(
        "tokens", "Issuer down, one process", f"{refused} requests refused; {requests} requests to the issuer", "2.5 s"
    )


def test_a_usage_subject_counts_against_the_shared_key_until_its_own_is_ready(gate: Gate, plan: UsagePlan) -> None:
    assert gate.admit(TENANT)["usageIdentifierKey"] == SHARED_KEY
    assert gate.admit(TENANT)["usageIdentifierKey"] == SHARED_KEY
    plan.enroll_new_customers(gate.functions)
    assert gate.admit(TENANT)["usageIdentifierKey"] == SHARED_KEY
    (own_key,) = plan.keys().values()

    plan.let_keys_propagate()

    assert gate.admit(TENANT)["usageIdentifierKey"] == own_key != SHARED_KEY


def test_every_usage_subject_has_its_own_key(gate: Gate, plan: UsagePlan) -> None:
    customers = [(TENANT,), (OTHER_TENANT,), (TENANT, OTHER_TENANT)]
    for tenants in customers:
        gate.admit(*tenants)
    plan.enroll_new_customers(gate.functions)
    plan.let_keys_propagate()

    keys = [gate.admit(*tenants)["usageIdentifierKey"] for tenants in customers]

    assert len({*keys, SHARED_KEY}) == 4
    assert set(keys) == set(plan.keys().values())
    assert gate.admit(OTHER_TENANT, TENANT)["usageIdentifierKey"] == keys[2]
    assert gate.admit(TENANT, TENANT)["usageIdentifierKey"] == keys[0]


def test_a_token_without_tenants_always_counts_against_the_shared_key(gate: Gate, plan: UsagePlan) -> None:
    assert gate.admit()["usageIdentifierKey"] == SHARED_KEY
    assert plan.customers() == {}


def test_a_key_that_is_ready_is_cached(gate: Gate, plan: UsagePlan, wire: Wire) -> None:
    gate.admit(TENANT)
    plan.enroll_new_customers(gate.functions)
    plan.let_keys_propagate()
    gate.admit(TENANT)
    wire.clear()

    gate.admit(TENANT)

    assert wire.count() == 0


def test_keys_have_a_length_that_api_gateway_takes(gate: Gate, plan: UsagePlan) -> None:
    gate.admit("x" * 256)
    plan.enroll_new_customers(gate.functions)

    for key in (SHARED_KEY, *plan.keys().values()):
        assert 20 <= len(key) <= 128


def test_a_caller_whom_the_authorizer_lets_pass_can_export(gate: Gate, sample_world: World) -> None:
    context = gate.admit(TENANT)["context"]
    caller = caller_from_context(context, time.time())

    assert Api(Functions(sample_world.deployment)).export(EXPORT_BODY, caller=caller).status == 200
