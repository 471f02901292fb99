"""Access control: the functions re-check the authorizer's context and isolate tenants from each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from installhub.identity.caller import Caller
from tests.integration.support.api import (
    CALLER,
    EXPORT_BODY,
    FAR_FUTURE,
    NO_HEADERS,
    PREVIEW_BODY,
    SCOPES,
    Api,
    ApiResponse,
    Headers,
)
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.functions import Functions

if TYPE_CHECKING:
    from tests.integration.support.world import World

UNKNOWN: Final = "pkg-00000000-0000-5000-8000-000000000000"
BOTH: Final = Caller("auditor", (TENANT, OTHER_TENANT), SCOPES, FAR_FUTURE)
STRANGER: Final = Caller("stranger", (OTHER_TENANT,), SCOPES, FAR_FUTURE)

Send = Callable[[Api, Caller | None], ApiResponse]
ROUTES: Final[dict[str, Send]] = {
    "export": lambda api, caller: api.export(EXPORT_BODY, caller=caller),
    "preview": lambda api, caller: api.preview(PREVIEW_BODY, caller=caller),
    "get_package": lambda api, caller: api.get_package(UNKNOWN, caller=caller),
    "download": lambda api, caller: api.download(UNKNOWN, caller=caller),
    "get_graph": lambda api, caller: api.get_graph(UNKNOWN, caller=caller),
    "get_sbom": lambda api, caller: api.get_sbom(UNKNOWN, caller=caller),
    "get_attestation": lambda api, caller: api.get_attestation(UNKNOWN, caller=caller),
    "get_diff": lambda api, caller: api.get_diff(UNKNOWN, caller),
    "list_packages": lambda api, caller: api.list_packages(caller),
    "list_versions": lambda api, caller: api.list_versions(caller, name="Suite"),
}

every_route = pytest.mark.parametrize("send", ROUTES.values(), ids=ROUTES)
every_read = pytest.mark.parametrize(
    "route", ["get_package", "download", "get_graph", "get_diff", "get_sbom", "get_attestation"]
)


@pytest.fixture
def api(world: World) -> Api:
    """The API with one artifact of each tenant."""
    world.publish(
        artifact_input("proc-1001", kind="ProcessDefinition"),
        artifact_input("proc-1501", kind="ProcessDefinition", tenant=OTHER_TENANT),
    )
    return Api(Functions(world.deployment))


def read(api: Api, route: str, package_id: str, caller: Caller = CALLER, headers: Headers = NO_HEADERS) -> ApiResponse:
    if route == "get_diff":  # with itself: there is no other package
        return api.get_diff(package_id, caller, headers, from_=package_id)
    return api.get(route, package_id, caller, headers)


@pytest.fixture
def package(api: Api) -> str:
    """A package of the first tenant."""
    return api.export().package().package_id


@every_route
@pytest.mark.parametrize("seconds", [0, 1, 10**9])
def test_a_token_that_has_expired_since_the_authorizer_saw_it(api: Api, send: Send, seconds: int) -> None:
    response = send(api, replace(CALLER, expires_at=int(time.time()) - seconds))

    assert (response.status, response.error_code) == (401, "Unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@every_route
def test_a_request_without_an_authorizer_is_unauthorized(api: Api, send: Send) -> None:
    response = send(api, None)

    assert (response.status, response.error_code) == (401, "Unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@every_route
@pytest.mark.parametrize(
    "scopes", [(), ("installhub:read",), ("installhub:exports",), ("INSTALLHUB:EXPORT",), ("installhub", "export")]
)
def test_a_token_without_the_scope_is_forbidden(api: Api, send: Send, scopes: tuple[str, ...]) -> None:
    response = send(api, replace(CALLER, scopes=frozenset(scopes)))

    assert (response.status, response.error_code) == (403, "InsufficientScope")


@every_route
def test_more_scopes_do_no_harm(api: Api, send: Send) -> None:
    response = send(api, replace(CALLER, scopes=SCOPES | {"openid", "a:b:c"}))

    assert response.status in (200, 404)


@every_read
def test_another_tenants_package_looks_like_none_at_all(api: Api, package: str, route: str) -> None:
    foreign = read(api, route, package, STRANGER)
    unknown = read(api, route, UNKNOWN, STRANGER)

    assert (unknown.status, unknown.error_code) == (404, "PackageNotFound")
    assert foreign == unknown  # body and headers; the request id is the same in all samples


@every_read
def test_the_function_itself_learns_nothing_about_another_tenants_package(
    api: Api, sample_world: World, package: str, route: str
) -> None:
    """DynamoDB returns the same, so neither behaviour nor response time can differ."""
    responses: list[dict[str, Any]] = []

    def record_response(parsed: dict[str, Any], **_: object) -> None:
        responses.append(
            {name: value for name, value in parsed.items() if name not in {"ResponseMetadata", "ScannedCount"}}
        )

    sample_world.dynamodb.meta.events.register("after-call.dynamodb", record_response)
    for caller, package_id in ((STRANGER, package), (STRANGER, UNKNOWN), (CALLER, package)):
        read(api, route, package_id, caller)
    sample_world.dynamodb.meta.events.unregister("after-call.dynamodb", record_response)

    foreign, unknown, own, *_ = responses  # what a package of the tenant takes more differs by route
    assert foreign == unknown
    assert foreign != own


@every_read
@pytest.mark.parametrize(
    "package_id", ["pkg-", "pkg-1", UNKNOWN.upper(), f"{UNKNOWN}0", "export", "..", "%2e%2e", "pkg-%00", "ä", "a b"]
)
def test_an_invalid_package_id_is_no_package(api: Api, route: str, package_id: str) -> None:
    response = read(api, route, package_id)

    assert (response.status, response.error_code) == (404, "PackageNotFound")


@every_read
def test_the_header_narrows_what_a_caller_of_several_tenants_sees(api: Api, package: str, route: str) -> None:
    assert read(api, route, package, BOTH).status == 200
    assert read(api, route, package, BOTH, headers={"X-Tenant-Id": TENANT}).status == 200

    narrowed = read(api, route, package, BOTH, headers={"X-Tenant-Id": OTHER_TENANT})

    assert narrowed == read(api, route, UNKNOWN, BOTH)


@every_read
def test_the_header_grants_nothing(api: Api, package: str, route: str) -> None:
    for package_id in (package, UNKNOWN):
        response = read(api, route, package_id, STRANGER, headers={"X-Tenant-Id": TENANT})

        assert (response.status, response.error_code) == (403, "TenantMismatch")


@every_read
def test_a_blank_header_names_no_tenant(api: Api, package: str, route: str) -> None:
    assert read(api, route, package, BOTH, headers={"X-Tenant-Id": "  "}).status == 200


@every_read
def test_header_names_are_read_in_any_case(api: Api, package: str, route: str) -> None:
    assert read(api, route, package, BOTH, headers={"x-tenant-id": OTHER_TENANT}).status == 404


@every_route
def test_a_caller_of_no_tenant_reaches_nothing(api: Api, send: Send) -> None:
    response = send(api, replace(CALLER, tenants=()))

    assert response.status in (403, 404)
    assert response.error_code in ("TenantMismatch", "PackageNotFound")


def test_a_caller_of_several_tenants_acts_for_the_one_it_names(api: Api) -> None:
    for tenant, root in ((TENANT, "proc-1001"), (OTHER_TENANT, "proc-1501")):
        assert api.preview({"tenantId": tenant, "artifactIds": [root]}, caller=BOTH).status == 200
        assert api.preview({"artifactIds": [root]}, caller=BOTH, headers={"X-Tenant-Id": tenant}).status == 200
    assert api.preview({"artifactIds": ["proc-1001"]}, caller=BOTH).error_code == "InvalidRequest"
    assert api.preview({"tenantId": TENANT, "artifactIds": ["proc-1501"]}, caller=BOTH).error_code == "TenantMismatch"
