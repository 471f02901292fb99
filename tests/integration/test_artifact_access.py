"""Who may read and write artifacts: scopes, tenants, and nothing about other tenants."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.support.api import ApiResponse
from tests.integration.support.artifact_api import (
    CONSULTANT,
    EDITOR,
    EXPORT,
    EXPORTER,
    NO_ONE,
    PUBLISH,
    RULE,
    STRANGER,
    ArtifactApi,
    assert_problem,
    rule,
)
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input

if TYPE_CHECKING:
    from tests.integration.support.world import World

Request = Callable[[ArtifactApi], ApiResponse]

WRITES: Final[dict[str, Request]] = {
    "put": lambda api: api.put("rule"),
    "batch": lambda api: api.batch({**RULE, "artifactId": "rule"}),
    "delete": lambda api: api.delete("rule"),
}
READS: Final[dict[str, Request]] = {
    "get": lambda api: api.get("rule"),
    "list": lambda api: api.list(),
    "definition": lambda api: api.definition("rule"),
    "dependents": lambda api: api.dependents("rule"),
}
ROUTES: Final = {**WRITES, **READS}
SINGLE: Final = {name: request for name, request in ROUTES.items() if name not in ("put", "batch", "list")}
by_route = pytest.mark.parametrize("name", ROUTES)


@pytest.fixture(autouse=True)
def theirs(world: World) -> None:
    world.publish(artifact_input("rule"), artifact_input("theirs", "rule", tenant=OTHER_TENANT, definition="secret"))
    world.publish(artifact_input("user", "theirs", tenant=OTHER_TENANT))


@by_route
def test_each_route_accepts_its_scopes_only(artifacts: ArtifactApi, name: str) -> None:
    accepted = {EDITOR} if name in WRITES else {EDITOR, EXPORTER}

    for caller in (NO_ONE, EXPORTER, EDITOR):
        response = ROUTES[name](replace(artifacts, caller=caller))
        if caller in accepted:
            assert response.status in (200, 204)
            continue
        (error,) = assert_problem(response, 403, "InsufficientScope")
        scopes = f"{PUBLISH}" if name in WRITES else f"{EXPORT} {PUBLISH}"
        assert response.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scopes}"'
        assert all(f"`{scope}`" in error["detail"] for scope in scopes.split())


@by_route
def test_an_expired_token_is_refused(artifacts: ArtifactApi, name: str) -> None:
    response = ROUTES[name](replace(artifacts, caller=replace(EDITOR, expires_at=1)))

    assert_problem(response, 401, "Unauthorized")
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@by_route
@pytest.mark.parametrize("tenant", [OTHER_TENANT, "tenant-unknown", TENANT.upper(), f"{TENANT},{OTHER_TENANT}"])
def test_a_tenant_outside_the_token_is_refused(artifacts: ArtifactApi, name: str, tenant: str) -> None:
    response = ROUTES[name](replace(artifacts, tenant=tenant))

    assert_problem(response, 403, "TenantMismatch")
    assert "rule" not in response.body.decode()


@pytest.mark.parametrize("name", [*SINGLE, "list"])
def test_the_only_tenant_of_a_token_need_not_be_named_without_a_body(artifacts: ArtifactApi, name: str) -> None:
    assert ROUTES[name](replace(artifacts, tenant=None)).status in (200, 204)


@pytest.mark.parametrize("name", [*SINGLE, "list"])
def test_one_of_several_tenants_has_to_be_named(artifacts: ArtifactApi, name: str) -> None:
    consultant = replace(artifacts, caller=CONSULTANT)

    (error,) = assert_problem(ROUTES[name](replace(consultant, tenant=None)), 400, "InvalidRequest")
    assert "X-Tenant-Id" in error["detail"]
    assert ROUTES[name](consultant).status in (200, 204)


def test_the_tenant_of_a_write_may_be_in_the_header_or_the_body_or_both(artifacts: ArtifactApi) -> None:
    anonymous = replace(artifacts, tenant=None)
    in_body = {"tenantId": TENANT}
    batch = {"artifacts": [{**RULE, "artifactId": "rule"}]}

    for api, fields in ((artifacts, {}), (anonymous, in_body), (artifacts, in_body), (artifacts, {"tenantId": None})):
        assert api.put("rule", {**RULE, **fields}).status == 200
        assert api.send("publish_artifacts", None, body={**batch, **fields}).status == 200
    sends: list[Callable[[dict[str, Any]], ApiResponse]] = [
        lambda fields: anonymous.put("rule", {**RULE, **fields}),
        lambda fields: anonymous.send("publish_artifacts", None, body={**batch, **fields}),
    ]
    for send in sends:
        (error,) = assert_problem(send({}), 400, "InvalidRequest")
        assert error["pointer"] == "/tenantId"
        for invalid in (7, "", ["a"], {"a": 1}):
            (error,) = assert_problem(send({"tenantId": invalid}), 400, "InvalidRequest")
            assert error["pointer"] == "/tenantId"
        assert_problem(send({"tenantId": OTHER_TENANT}), 403, "TenantMismatch")
    consultant = replace(artifacts, caller=CONSULTANT)
    assert_problem(consultant.put("rule", {**RULE, "tenantId": OTHER_TENANT}), 403, "TenantMismatch")
    assert replace(consultant, tenant=None).put("rule", {**RULE, "tenantId": OTHER_TENANT}).status == 201


def test_a_foreign_tenant_and_a_bad_body_are_both_reported(artifacts: ArtifactApi) -> None:
    errors = assert_problem(artifacts.put("rule", {**RULE, "type": 1, "tenantId": OTHER_TENANT}), 400, "InvalidRequest")

    assert [error["errorCode"] for error in errors] == ["InvalidRequest", "TenantMismatch"]


@pytest.mark.parametrize("name", SINGLE)
def test_an_artifact_of_another_tenant_looks_like_none(artifacts: ArtifactApi, name: str) -> None:
    function = {"get": artifacts.get, "definition": artifacts.definition, "dependents": artifacts.dependents}.get(
        name, artifacts.delete
    )

    foreign, unknown = function("theirs"), function("unknown")

    assert_problem(foreign, 404, "ArtifactNotFound")
    assert foreign == unknown  # the sample events have the same request id
    assert "theirs" not in foreign.body.decode()


def test_an_artifact_of_another_tenant_is_not_touched_by_a_write_of_the_same_id(
    artifacts: ArtifactApi, world: World
) -> None:
    before = world.artifacts().for_tenant(OTHER_TENANT).nodes(["theirs"])

    assert artifacts.put("theirs", rule(definition="mine"), {"If-None-Match": "*"}).status == 201
    assert artifacts.delete("theirs").status == 204

    assert world.artifacts().for_tenant(OTHER_TENANT).nodes(["theirs"]) == before
    stranger = replace(artifacts, caller=STRANGER, tenant=OTHER_TENANT)
    assert stranger.definition("theirs").json == "secret"


def test_dependents_of_other_tenants_are_neither_listed_nor_in_the_way(artifacts: ArtifactApi) -> None:
    assert artifacts.dependents("rule", query={"transitive": "true"}).json["dependents"] == []
    assert artifacts.delete("rule").status == 204


def test_no_response_contains_anything_of_another_tenant(artifacts: ArtifactApi) -> None:
    artifacts.put("rule", rule("theirs"))

    for request in (*READS.values(), *WRITES.values()):
        text = json.dumps(request(artifacts).body.decode())
        assert "secret" not in text
        assert OTHER_TENANT not in text
        assert "user" not in text.replace("user-", "")


@by_route
def test_a_token_without_tenants_may_do_nothing(artifacts: ArtifactApi, name: str) -> None:
    nobody = replace(EDITOR, tenants=())

    assert ROUTES[name](replace(artifacts, caller=nobody)).status == 403
    without_header = ROUTES[name](replace(artifacts, caller=nobody, tenant=None))
    # PUT and POST could have a tenant in the body, and ask for it.
    assert without_header.status == (400 if name in {"put", "batch"} else 403)
