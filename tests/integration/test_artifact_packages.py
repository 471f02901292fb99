"""GET /artifacts/{artifactId}/packages: which packages contain an artifact."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from installhub.artifacts.deletion import ArtifactDeleter
from installhub.artifacts.revisions import RevisionWriter
from installhub.contract.artifact_ids import encode_path_id
from installhub.contract.artifact_models import ArtifactPackageList
from installhub.identity.caller import authorizer_context
from installhub.model.cursor import CursorScope
from installhub.model.definition import canonical_json, sha256_hex
from installhub.model.precondition import Precondition
from tests.integration.support.api import CALLER, ApiResponse, gateway_response
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.functions import Functions, sample_event

if TYPE_CHECKING:
    from installhub.identity.caller import Caller
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

START = 1_780_000_000
OTHER_CALLER = replace(CALLER, tenants=(OTHER_TENANT,))


@dataclass
class WhereUsed:
    """A client of the route."""

    functions: Functions

    def get(self, artifact_id: str, caller: Caller = CALLER, /, **query: str) -> ApiResponse:
        event = sample_event("list_artifact_packages")
        segment = encode_path_id(artifact_id)
        event["pathParameters"] = {"artifactId": segment}
        event["path"] = event["resource"].replace("{artifactId}", segment)
        event["queryStringParameters"] = query or None
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
        event["requestContext"]["authorizer"].update(authorizer_context(caller))
        return gateway_response(self.functions.invoke("list_artifact_packages", event))

    def page(self, artifact_id: str, caller: Caller = CALLER, **query: str) -> ArtifactPackageList:
        response = self.get(artifact_id, caller, **query)
        assert response.status == 200, response.body
        return ArtifactPackageList.model_validate_json(response.body)

    def versions(self, artifact_id: str, caller: Caller = CALLER) -> list[str]:
        return [package.version for package in self.page(artifact_id, caller).packages]


@pytest.fixture
def where_used(world: World) -> WhereUsed:
    return WhereUsed(Functions(world.deployment))


def export(world: World, *roots: str, version: str, after: int = 0, tenant: str = TENANT) -> None:
    """Export a package ``after`` seconds and index it."""
    exported = world.at(lambda: START + after).export(*roots, version=version, tenant=tenant)
    world.indexer().index(exported.record)


def digest(definition: Any) -> str:  # noqa: ANN401  # any JSON value
    return sha256_hex(canonical_json(definition))


def test_packages_are_listed_newest_first_with_the_definition_they_pinned(world: World, where_used: WhereUsed) -> None:
    world.publish(artifact_input("rule", definition="old"), artifact_input("form", "rule"))
    export(world, "rule", version="2.0.0")
    export(world, "form", version="1.0.0", after=1)
    world.publish(artifact_input("rule", definition="new"))
    export(world, "form", version="1.0.1", after=2)

    response = where_used.get("rule")

    assert [(package["version"], package["sha256"]) for package in response.json["packages"]] == [
        ("1.0.1", digest("new")),
        ("1.0.0", digest("old")),
        ("2.0.0", digest("old")),
    ]
    package_id = response.json["packages"][0]["packageId"]
    assert response.json["packages"][0] == {
        "packageId": package_id,
        "packageName": "Made up",
        "version": "1.0.1",
        "packageType": "config-package",
        "exportedAt": "2026-05-28T20:26:42Z",
        "sha256": digest("new"),
        "links": {
            "self": f"/api/installhub/packages/{package_id}",
            "download": f"/api/installhub/packages/{package_id}/download",
        },
    }
    assert (response.json["artifactId"], response.json["nextCursor"]) == ("rule", None)
    assert "Link" not in response.headers
    assert where_used.versions("form") == ["1.0.1", "1.0.0"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 200])
def test_pages_contain_every_package_once(world: World, where_used: WhereUsed, limit: int) -> None:
    world.publish(artifact_input("rule"))
    for number in range(5):
        export(world, "rule", version=f"1.0.{number}", after=number // 2)  # two in the same second

    query, found, sizes = {"limit": str(limit)}, [], []
    while True:
        response = where_used.get("rule", CALLER, **query)
        page = response.json
        found += [package["version"] for package in page["packages"]]
        sizes.append(len(page["packages"]))
        if page["nextCursor"] is None:
            assert "Link" not in response.headers
            break
        link = response.headers["Link"]
        assert (link[:2], link[-13:]) == ("<?", '>; rel="next"')
        query = dict(parse_qsl(link[2:-13], strict_parsing=True))
        assert query == {"limit": str(limit), "cursor": page["nextCursor"]}

    assert sorted(found) == [f"1.0.{number}" for number in range(5)]
    assert found[0] == "1.0.4"
    assert set(sizes[:-1]) <= {limit}
    assert sizes[-1] > 0, "no page is empty"


def test_a_page_takes_one_request_and_an_empty_first_page_two(world: World, where_used: WhereUsed, wire: Wire) -> None:
    world.publish(artifact_input("rule"), artifact_input("unused"))
    for number in range(3):
        export(world, "rule", version=f"1.0.{number}")
    wire.clear()

    cursor = where_used.page("rule", limit="2").next_cursor
    assert [str(call) for call in wire.calls] == ["Query-1"]
    where_used.page("rule", limit="2", cursor=str(cursor))
    assert [str(call) for call in wire.calls] == ["Query-1", "Query-2"]
    assert where_used.page("unused").packages == []
    assert [str(call) for call in wire.calls] == ["Query-1", "Query-2", "Query-3", "GetItem-1"]


def test_an_artifact_that_was_deleted_still_shows_its_packages(world: World, where_used: WhereUsed) -> None:
    world.publish(artifact_input("rule"), artifact_input("unused"))
    export(world, "rule", version="1.0.0")
    writer = RevisionWriter(world.name("ArtifactsTable"), world.definition_objects(), world.clock)
    deleter = ArtifactDeleter(world.artifacts(), world.definition_objects(), writer)
    for artifact_id in ("rule", "unused"):
        deleter.delete(TENANT, artifact_id, Precondition())

    assert where_used.versions("rule") == ["1.0.0"]
    assert where_used.get("unused").error_code == "ArtifactNotFound"


def test_an_unknown_artifact_and_that_of_another_tenant_are_not_found_alike(
    world: World, where_used: WhereUsed
) -> None:
    world.publish(artifact_input("theirs", tenant=OTHER_TENANT))
    export(world, "theirs", version="1.0.0", tenant=OTHER_TENANT)
    assert where_used.versions("theirs", OTHER_CALLER) == ["1.0.0"]

    responses = [where_used.get(artifact_id) for artifact_id in ("theirs", "nowhere")]

    assert [response.status for response in responses] == [404, 404]
    bodies = [{**response.json, "instance": ""} for response in responses]
    assert bodies[0] == bodies[1]
    assert bodies[0]["errorCode"] == "ArtifactNotFound"
    assert responses[0].headers == responses[1].headers


def test_tenants_and_ids_that_look_alike_together_are_kept_apart(world: World, where_used: WhereUsed) -> None:
    world.publish(artifact_input("b#c", tenant="a"), artifact_input("c", tenant="a#b"))
    export(world, "b#c", version="1.0.0", tenant="a")
    export(world, "c", version="2.0.0", tenant="a#b")

    assert where_used.versions("b#c", replace(CALLER, tenants=("a",))) == ["1.0.0"]
    assert where_used.versions("c", replace(CALLER, tenants=("a#b",))) == ["2.0.0"]


@pytest.mark.parametrize("artifact_id", ["a/b%2F", "~tilde", "長" * 256, "\U0001f600" * 256, "A#B", "batch", ".."])
def test_any_id_is_found(world: World, where_used: WhereUsed, artifact_id: str) -> None:
    world.publish(artifact_input(artifact_id))
    export(world, artifact_id, version="1.0.0")

    page = where_used.page(artifact_id)

    assert (page.artifact_id, len(page.packages)) == (artifact_id, 1)


@pytest.fixture
def several(world: World) -> None:
    world.publish(
        *(artifact_input(name, tenant=tenant) for name in ("rule", "form") for tenant in (TENANT, OTHER_TENANT))
    )
    for tenant in (TENANT, OTHER_TENANT):
        for number in range(2):
            export(world, "rule", "form", version=f"1.0.{number}", tenant=tenant, after=number)


@pytest.mark.usefixtures("several")
def test_a_cursor_of_another_artifact_or_tenant_is_refused(where_used: WhereUsed) -> None:
    of_form = str(where_used.page("form", limit="1").next_cursor)
    theirs = str(where_used.page("rule", OTHER_CALLER, limit="1").next_cursor)

    for cursor in (of_form, theirs, of_form[:-4], f"{of_form}AAAA", "", "x", "é"):
        response = where_used.get("rule", cursor=cursor)
        assert (response.status, response.error_code) == (400, "InvalidCursor"), cursor


FOREIGN_POSITION = "2026-05-28T20:26:40Z#pkg-00000000-0000-5000-8000-000000000000"


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("content", [[0, FOREIGN_POSITION], [1], [1, ""], [1, 3], [1, "E#=rule"], [1, "x", "y"], {}])
def test_a_forged_or_outdated_cursor_is_refused(where_used: WhereUsed, content: Any) -> None:  # noqa: ANN401  # any JSON
    encoded = json.dumps(content).encode()
    scope = CursorScope("artifact-packages", TENANT, {"artifactId": "rule"})
    cursor = base64.urlsafe_b64encode(scope._checksum(encoded) + encoded).decode().rstrip("=")

    response = where_used.get("rule", cursor=cursor)

    assert (response.status, response.error_code) == (400, "InvalidCursor")


@pytest.mark.usefixtures("several")
def test_a_cursor_stays_valid_when_packages_are_added_and_removed(world: World, where_used: WhereUsed) -> None:
    cursor = str(where_used.page("rule", limit="1").next_cursor)
    export(world, "rule", version="3.0.0", after=9)
    (newest, *_) = where_used.page("rule").packages[1:2]
    partition = world.dynamodb.scan(TableName=world.name("PackageIndexTable"))["Items"]
    for item in partition:
        if newest.package_id in item["sk"]["S"]:
            key = {name: item[name] for name in ("pk", "sk")}
            world.dynamodb.delete_item(TableName=world.name("PackageIndexTable"), Key=key)

    assert [package.version for package in where_used.page("rule", cursor=cursor).packages] == ["1.0.0"]


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.0", "", "x", "٣", "1e2"])
def test_a_limit_that_is_not_from_1_to_200_is_refused(where_used: WhereUsed, limit: str) -> None:
    response = where_used.get("rule", limit=limit)

    assert (response.status, response.error_code) == (400, "InvalidRequest")


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        ({"installhub:export"}, 200),
        ({"installhub:publish"}, 200),
        ({"installhub:other"}, 403),
        (set(), 403),
    ],
)
def test_a_scope_for_reading_artifacts_is_needed(where_used: WhereUsed, scopes: set[str], status: int) -> None:
    assert where_used.get("rule", replace(CALLER, scopes=frozenset(scopes))).status == status


@pytest.mark.usefixtures("several")
def test_a_token_with_several_tenants_needs_to_name_one(where_used: WhereUsed) -> None:
    response = where_used.get("rule", replace(CALLER, tenants=(TENANT, OTHER_TENANT)))

    assert (response.status, response.error_code) == (400, "InvalidRequest")
