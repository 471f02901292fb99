"""The authorizer: verification of tokens, the policy and context for API Gateway, and the usage key."""

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
from tests.integration.support.plans import UsagePlan, create_usage_plan
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
    with issuers.run_issuer() as issuer:
        yield issuer


@dataclass
class Authorizer:
    """Invokes the authorizer like API Gateway."""

    functions: Functions
    issuer: Issuer

    def invoke(self, authorization: str | None, header: str = "Authorization") -> dict[str, Any]:
        event = sample_event("authorizer")
        for part in ("headers", "multiValueHeaders"):
            del event[part]["Authorization"]
        if authorization is not None:
            event["headers"][header] = authorization
            event["multiValueHeaders"][header] = [authorization]
        result: dict[str, Any] = self.functions.invoke("authorizer", event)
        return result

    def allow(self, *tenants: str, **claims: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
        """Return the result for a valid token of ``tenants``."""
        result = self.invoke(f"Bearer {self.issuer.token(ISSUER, *tenants, **claims)}")
        assert is_allowed(result)
        return result


@pytest.fixture
def plan(world: World) -> UsagePlan:
    return create_usage_plan(world)


@pytest.fixture
def authorizer(plan: UsagePlan, issuer: Issuer) -> Authorizer:
    issuer.server.status = 200
    return Authorizer(Functions(replace(plan.deployment, parameters={"JwksUri": issuer.server.url})), issuer)


def is_allowed(result: dict[str, Any]) -> bool:
    """Return whether a policy allows access, after checking that it applies to exactly the whole stage."""
    policy = result["policyDocument"]
    assert policy["Version"] == "2012-10-17"
    (statement,) = policy["Statement"]
    assert statement["Action"] in ("execute-api:Invoke", ["execute-api:Invoke"])
    assert statement["Resource"] in (f"{STAGE_ARN}/*/*", [f"{STAGE_ARN}/*/*"])
    return bool(statement["Effect"] == "Allow")


def test_a_valid_token_is_allowed_the_whole_stage(authorizer: Authorizer) -> None:
    result = authorizer.allow(TENANT)

    assert result["principalId"] == "hr-automation"
    assert set(result) == {"principalId", "policyDocument", "context", "usageIdentifierKey"}


def test_the_context_is_flat_strings_that_the_functions_read(authorizer: Authorizer) -> None:
    expires_at = int(time.time()) + 100
    result = authorizer.allow(TENANT, OTHER_TENANT, exp=expires_at)

    assert all(isinstance(value, str) for value in result["context"].values())
    caller = caller_from_context(result["context"], time.time())
    assert caller.subject == "hr-automation"
    assert caller.tenants == (TENANT, OTHER_TENANT)
    assert caller.scopes == {"installhub:export", "openid"}
    assert caller.expires_at == expires_at + 60, "the default clock skew"


def test_the_context_preserves_any_tenant_name(authorizer: Authorizer) -> None:
    tenants = ('a"b', "a,b", "労働 \\ {x}", "x" * 256)
    result = authorizer.allow(*tenants)

    assert caller_from_context(result["context"], time.time()).tenants == tenants


@pytest.mark.parametrize("claims", [{"tenants": ..., "tenant_id": TENANT}, {"tenants": TENANT}])
@pytest.mark.parametrize("scp", [["installhub:export"], "installhub:export"])
def test_scopes_and_tenants_may_be_in_either_claim(authorizer: Authorizer, claims: dict[str, Any], scp: object) -> None:
    caller = caller_from_context(authorizer.allow(**claims, scope=..., scp=scp)["context"], time.time())

    assert caller.tenants == (TENANT,)
    assert caller.scopes == {"installhub:export"}


def test_the_scheme_and_the_headers_name_are_read_in_any_case(authorizer: Authorizer) -> None:
    token = authorizer.issuer.token(ISSUER, TENANT)

    assert is_allowed(authorizer.invoke(f"bearer {token}"))
    assert is_allowed(authorizer.invoke(f"BEARER  {token} ", header="authorization"))


def test_a_token_without_the_scope_is_allowed_here_and_refused_by_the_functions(authorizer: Authorizer) -> None:
    """A policy cannot give a reason; the functions respond with InsufficientScope."""
    context = authorizer.allow(TENANT, scope="openid")["context"]

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
def test_a_token_with_a_bad_claim_is_denied(authorizer: Authorizer, changes: dict[str, Any]) -> None:
    result = authorizer.invoke(f"Bearer {authorizer.issuer.token(ISSUER, TENANT, **changes)}")

    assert_denied(result)


def assert_denied(result: dict[str, Any]) -> None:
    assert not is_allowed(result)
    assert not result.get("context")
    assert "usageIdentifierKey" not in result


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpwYXNz", "Bearer a.b.c", "Bearer a b", "ä"],
)
def test_a_malformed_token_is_denied_without_contacting_the_issuer(
    authorizer: Authorizer, authorization: str | None
) -> None:
    before = authorizer.issuer.fetch_count

    assert_denied(authorizer.invoke(authorization))

    assert authorizer.issuer.fetch_count == before


def test_a_token_signed_by_another_key_is_denied(authorizer: Authorizer) -> None:
    other_key = rsa.generate_private_key(65537, 2048)

    assert_denied(authorizer.invoke(f"Bearer {authorizer.issuer.token(ISSUER, TENANT, key=other_key)}"))


def test_the_issuers_keys_are_fetched_once(authorizer: Authorizer) -> None:
    before = authorizer.issuer.fetch_count
    for _ in range(5):
        authorizer.allow(TENANT)

    assert authorizer.issuer.fetch_count == before + 1


def test_without_the_issuers_keys_no_token_is_denied(authorizer: Authorizer) -> None:
    """An exception results in AUTHORIZER_FAILURE, a 503; a Deny would mean that the token is invalid."""
    authorizer.issuer.server.status = 503

    with pytest.raises(Exception, match="key set"):
        authorizer.invoke(f"Bearer {authorizer.issuer.token(ISSUER, TENANT)}")


def test_requests_to_an_issuer_that_is_down_back_off(authorizer: Authorizer, record: Record) -> None:
    authorizer.issuer.server.status = 503
    before = authorizer.issuer.fetch_count
    deadline = time.monotonic() + 2.5

    refused = 0
    while time.monotonic() < deadline:
        with pytest.raises(Exception, match="key set"):
            authorizer.invoke(f"Bearer {authorizer.issuer.token(ISSUER, TENANT)}")
        refused += 1

    requests = authorizer.issuer.fetch_count - before
    assert refused > 20
    assert 2 <= requests <= 3  # immediately, after 1 s and after another 2 s
    record(
        "tokens", "Issuer down, one process", f"{refused} requests refused; {requests} requests to the issuer", "2.5 s"
    )


def test_a_usage_subject_counts_against_the_shared_key_until_its_own_is_ready(
    authorizer: Authorizer, plan: UsagePlan
) -> None:
    assert authorizer.allow(TENANT)["usageIdentifierKey"] == SHARED_KEY
    assert authorizer.allow(TENANT)["usageIdentifierKey"] == SHARED_KEY
    plan.provision_new_subjects(authorizer.functions)
    assert authorizer.allow(TENANT)["usageIdentifierKey"] == SHARED_KEY
    (own_key,) = plan.keys().values()

    plan.let_keys_propagate()

    assert authorizer.allow(TENANT)["usageIdentifierKey"] == own_key != SHARED_KEY


def test_every_usage_subject_has_its_own_key(authorizer: Authorizer, plan: UsagePlan) -> None:
    tenant_lists = [(TENANT,), (OTHER_TENANT,), (TENANT, OTHER_TENANT)]
    for tenants in tenant_lists:
        authorizer.allow(*tenants)
    plan.provision_new_subjects(authorizer.functions)
    plan.let_keys_propagate()

    keys = [authorizer.allow(*tenants)["usageIdentifierKey"] for tenants in tenant_lists]

    assert len({*keys, SHARED_KEY}) == 4
    assert set(keys) == set(plan.keys().values())
    assert authorizer.allow(OTHER_TENANT, TENANT)["usageIdentifierKey"] == keys[2]
    assert authorizer.allow(TENANT, TENANT)["usageIdentifierKey"] == keys[0]


def test_a_token_without_tenants_always_counts_against_the_shared_key(authorizer: Authorizer, plan: UsagePlan) -> None:
    assert authorizer.allow()["usageIdentifierKey"] == SHARED_KEY
    assert plan.subjects() == {}


def test_a_key_that_is_ready_is_cached(authorizer: Authorizer, plan: UsagePlan, wire: Wire) -> None:
    authorizer.allow(TENANT)
    plan.provision_new_subjects(authorizer.functions)
    plan.let_keys_propagate()
    authorizer.allow(TENANT)
    wire.clear()

    authorizer.allow(TENANT)

    assert wire.count() == 0


def test_keys_have_a_length_that_api_gateway_accepts(authorizer: Authorizer, plan: UsagePlan) -> None:
    authorizer.allow("x" * 256)
    plan.provision_new_subjects(authorizer.functions)

    for key in (SHARED_KEY, *plan.keys().values()):
        assert 20 <= len(key) <= 128


def test_an_authorized_caller_can_export(authorizer: Authorizer, sample_world: World) -> None:
    context = authorizer.allow(TENANT)["context"]
    caller = caller_from_context(context, time.time())

    assert Api(Functions(sample_world.deployment)).export(EXPORT_BODY, caller=caller).status == 200
