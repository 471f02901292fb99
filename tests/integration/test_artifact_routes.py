"""Artifacts over HTTP: what is put can be read, and what may be deleted is gone."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installhub.contract.artifact_ids import encode_path_id
from installhub.model.definition import canonical_json
from tests.integration.support.api import Api
from tests.integration.support.artifact_api import (
    REQUIREMENTS,
    RULE,
    ArtifactApi,
    artifact_of,
    assert_problem,
    rule,
)
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.bundles import bundle_of
from tests.integration.test_catalog_contract import AWKWARD_IDS
from tests.strategies import ids

if TYPE_CHECKING:
    from installhub.exports.commands import ExportedPackage
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World


def test_a_new_artifact_is_created(artifacts: ArtifactApi) -> None:
    response = artifacts.put("rule", rule("b", "a", requirements=REQUIREMENTS))

    created = artifact_of(response, 201)
    content = canonical_json(RULE["definition"])
    path = "/api/installhub/artifacts/rule"
    assert created.pop("updatedAt")
    assert created == {
        "artifactId": "rule",
        "type": "RuleSet",
        "name": "Made up",
        "status": "published",
        "dependencies": ["b", "a"],
        "requirements": REQUIREMENTS,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "findings": [],
        "acknowledgedFindings": [],
        "change": "created",
        "links": {
            "self": path,
            "definition": f"{path}/definition",
            "dependents": f"{path}/dependents",
            "packages": f"{path}/packages",
        },
    }
    assert response.headers["ETag"].strip('"').isalnum()


def test_the_next_read_sees_the_write(artifacts: ArtifactApi) -> None:
    for fields in (rule(), rule(name="New"), rule("a", status="draft"), rule(definition=[1])):
        put = artifacts.put("rule", fields)
        got = artifacts.get("rule")

        assert artifact_of(got) == {name: value for name, value in put.json.items() if name != "change"}
        assert got.headers["ETag"] == put.headers["ETag"]
        assert artifacts.list().json["artifacts"] == [got.json]
        assert artifacts.definition("rule").json == fields["definition"]


def test_the_same_content_changes_nothing(artifacts: ArtifactApi) -> None:
    first = artifacts.put("rule", rule("a", definition={"a": 1, "b": [2]}))

    again = artifacts.put("rule", json.dumps(rule("a", definition={"b": [2], "a": 1}), indent=3).encode())

    assert (again.status, again.json["change"]) == (200, "unchanged")
    assert again.json == {**first.json, "change": "unchanged"}
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "New"},
        {"status": "draft"},
        {"type": "AtlasForm"},
        {"dependencies": ["a"]},
        {"definition": {}},
        {"requirements": REQUIREMENTS[:1]},
        {"requirements": [{**REQUIREMENTS[1], "default": 5.0}]},
        {"requirements": [{"name": "limit", "kind": "variable", "default": True}]},
    ],
    ids=str,
)
def test_a_change_of_any_field_is_an_update_with_another_etag(artifacts: ArtifactApi, changes: dict[str, Any]) -> None:
    before: list[dict[str, Any]] = [{**REQUIREMENTS[1], "default": 5}]
    if changes.get("requirements", [{}])[0].get("default") is True:
        before = [{"name": "limit", "kind": "variable", "default": 1}]
    first = artifacts.put("rule", rule(requirements=before))

    second = artifacts.put("rule", rule(requirements=before) | changes)

    assert artifact_of(second)["change"] == "updated"
    assert second.headers["ETag"] != first.headers["ETag"]
    assert json.dumps(artifacts.get("rule").json["requirements"]) == json.dumps(changes.get("requirements", before))


def test_a_client_with_the_current_revision_gets_304(artifacts: ArtifactApi) -> None:
    etag = artifacts.put("rule").headers["ETag"]

    for headers in ({"If-None-Match": etag}, {"if-none-match": f'"x", W/{etag}'}, {"If-None-Match": "*"}):
        response = artifacts.get("rule", headers)
        assert (response.status, response.body, response.headers["ETag"]) == (304, b"", etag)
    artifacts.put("rule", rule(name="New"))
    assert artifacts.get("rule", {"If-None-Match": etag}).json["name"] == "New"


def test_a_head_request_has_the_headers_of_a_get(artifacts: ArtifactApi) -> None:
    artifacts.put("rule")

    for send in (artifacts.get, artifacts.definition):
        assert send("rule", method="HEAD").headers == send("rule").headers


def test_a_deleted_artifact_is_gone(artifacts: ArtifactApi) -> None:
    artifacts.put("rule")

    deleted = artifacts.delete("rule")

    assert (deleted.status, deleted.body) == (204, b"")
    for send in (artifacts.get, artifacts.definition, artifacts.dependents, artifacts.delete):
        assert_problem(send("rule"), 404, "ArtifactNotFound")
    assert artifacts.list().json["artifacts"] == []
    assert artifacts.put("rule").status == 201
    assert artifacts.definition("rule").json == RULE["definition"]


def test_an_artifact_in_use_is_not_deleted(artifacts: ArtifactApi) -> None:
    artifacts.put("rule")
    artifacts.put("z", rule("a", "rule"))
    artifacts.put("b", rule("rule"))
    artifacts.put("draft", rule("rule", status="draft"))
    artifacts.put("far", rule("b"))

    (error,) = assert_problem(artifacts.delete("rule"), 409, "ArtifactInUse")

    assert (error["artifactId"], error["requiredBy"]) == ("rule", ["b", "z"])
    assert artifacts.get("rule").status == 200
    for artifact_id in ("far", "b", "z", "rule"):
        assert artifacts.delete(artifact_id).status == 204
    assert artifacts.get("draft").json["dependencies"] == ["rule"]


def test_an_artifact_that_depends_on_itself_can_be_deleted(artifacts: ArtifactApi) -> None:
    artifacts.put("rule", rule("rule"))

    assert artifacts.delete("rule").status == 204


def test_all_of_many_dependents_are_named(artifacts: ArtifactApi, world: World) -> None:
    expected = [f"user-{number:04}" for number in range(1_500)]
    world.publish(artifact_input("rule"), *(artifact_input(artifact_id, "rule") for artifact_id in expected))

    (error,) = assert_problem(artifacts.delete("rule"), 409, "ArtifactInUse")

    assert error["requiredBy"] == expected


def test_a_package_that_contains_a_deleted_artifact_stays_whole(artifacts: ArtifactApi, world: World) -> None:
    artifacts.put("rule")
    artifacts.put("root", rule("rule"))
    exported = world.export("root")
    before = bundle_of(world, exported)

    assert [artifacts.delete(artifact_id).status for artifact_id in ("root", "rule")] == [204, 204]

    assert bundle_of(world, exported) == before
    assert world.packages().find(exported.record.description.package_id) == exported.record


def test_an_artifact_put_over_http_exports_to_the_same_bytes_as_a_published_one(
    artifacts: ArtifactApi, world: World
) -> None:
    definition = {"ä": [1, 2.5, None, "\u2028"], "a": {"z": 1, "b": True}}
    world.publish(artifact_input("root", "rule", definition=definition), artifact_input("rule"))
    published = world.export("root", version="1.0.0")
    for artifact_id in ("root", "rule"):
        assert artifacts.delete(artifact_id).status == 204
    artifacts.put("rule")
    artifacts.put("root", rule("rule", definition=definition))

    assert entries_of(world, world.export("root", version="1.0.1")) == entries_of(world, published)


def entries_of(world: World, exported: ExportedPackage) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a bundle's artifacts as they are in the ZIP, and its manifest without the version."""
    bundle, layout = bundle_of(world, exported), exported.record.layout
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(bundle)).read("manifest.json"))
    start = layout.manifest_offset + layout.manifest_packed_size
    without_version = {name: value for name, value in manifest.items() if name not in ("version", "packageId")}
    return bundle[start : bundle.index(b"PK\x01\x02")], without_version


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example deletes its artifact
)
@given(artifact_id=st.sampled_from([*AWKWARD_IDS, "batch", ".", "..", "~YQ", "a;b", "a&b=c", "%"]) | ids)
def test_every_printable_id_works(artifacts: ArtifactApi, artifact_id: str) -> None:
    assert artifact_of(artifacts.put(artifact_id, rule(artifact_id)), 201)["artifactId"] == artifact_id

    links = artifacts.get(artifact_id).json["links"]
    assert links["self"] == f"/api/installhub/artifacts/{encode_path_id(artifact_id)}"
    assert artifacts.definition(artifact_id).status == artifacts.dependents(artifact_id).status == 200
    if not artifact_id.startswith("~"):
        assert artifacts.get("", segment=artifact_id).json["artifactId"] == artifact_id
    assert artifact_id in {artifact["artifactId"] for artifact in artifacts.list(limit="200").json["artifacts"]}
    assert artifacts.delete(artifact_id).status == 204


def test_dependents_have_the_path_that_leads_to_the_artifact(artifacts: ArtifactApi) -> None:
    for artifact_id, dependencies in {"rule": ["c"], "b": ["rule"], "a": ["b", "x"], "c": ["a"]}.items():
        artifacts.put(artifact_id, rule(*dependencies, status="draft"))

    direct, every = artifacts.dependents("rule"), artifacts.dependents("rule", query={"transitive": "true"})

    assert [found["path"] for found in direct.json["dependents"]] == [["b", "rule"]]
    assert [found["path"] for found in every.json["dependents"]] == [
        ["b", "rule"],
        ["a", "b", "rule"],
        ["c", "a", "b", "rule"],
    ]
    assert every.json["artifactId"] == "rule"
    assert every.json["dependents"][0] == {
        "artifactId": "b",
        "type": "RuleSet",
        "name": "Made up",
        "status": "draft",
        "path": ["b", "rule"],
        "links": artifacts.get("b").json["links"],
    }
    assert_problem(artifacts.dependents("rule", query={"transitive": "maybe"}), 400, "InvalidRequest")


def test_a_cycle_is_published_and_reported_at_preview(artifacts: ArtifactApi) -> None:
    for artifact_id, dependency in (("a", "b"), ("b", "c"), ("c", "a")):
        assert artifacts.put(artifact_id, rule(dependency)).status == 201

    preview = Api(artifacts.functions).preview({"tenantId": TENANT, "artifactIds": ["a"]}).preview()

    assert preview.has_circular_dependency
    assert preview.install_order == []


def test_a_put_of_a_small_artifact_takes_one_read_and_at_most_one_transaction(
    artifacts: ArtifactApi, wire: Wire
) -> None:
    for fields in (rule(), rule(name="New"), rule(definition=1), rule("x", requirements=REQUIREMENTS, definition=1)):
        wire.clear()
        artifacts.put("rule", fields)
        assert list(map(str, wire.calls)) == ["BatchGetItem-1", "TransactWriteItems-1"]
        wire.clear()
        artifacts.put("rule", fields)
        assert list(map(str, wire.calls)) == ["BatchGetItem-1"]
