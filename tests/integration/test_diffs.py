"""GET /packages/{packageId}/diff: what changed between two packages, and what is read for it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from markdown_it import MarkdownIt

from installhub.contract.diff_models import PackageDiff
from installhub.model.definition import sha256_hex
from installhub.packages import comparison
from tests.integration.support.api import CALLER, Api, ApiResponse
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.functions import Functions
from tests.integration.support.indexing import index_items
from tests.integration.support.wire import AccessDenied, Outage

if TYPE_CHECKING:
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

UNKNOWN: Final = "pkg-00000000-0000-5000-8000-000000000000"
FIELDS: Final = [{"name": name, "type": "string", "required": True} for name in ("id", "email")]


@dataclass
class Diffs:
    """Exports packages and compares them."""

    world: World
    api: Api

    def export(self, *roots: str, version: str, name: str = "Suite", tenant: str = TENANT) -> str:
        exported = self.world.export(*roots, version=version, name=name, tenant=tenant)
        self.world.indexer().index(exported.record)
        return exported.record.description.package_id

    def get(self, package_id: str, /, **query: str) -> PackageDiff:
        response = self.api.get_diff(package_id, **query)
        assert response.status == 200, response.body
        return PackageDiff.model_validate_json(response.body)


@pytest.fixture
def diffs(world: World) -> Diffs:
    return Diffs(world, Api(Functions(world.deployment)))


def schema(artifact_id: str, *fields: Any, name: str = "Schema", tenant: str = TENANT) -> Any:  # noqa: ANN401  # fields
    return artifact_input(
        artifact_id, kind="EntitySchema", definition={"fields": [*FIELDS, *fields]}, name=name, tenant=tenant
    )


def test_everything_that_changed_is_named(diffs: Diffs) -> None:
    world = diffs.world
    world.publish(schema("schema"), artifact_input("rule", definition={"limit": 1}), artifact_input("gone"))
    world.publish(artifact_input("form", "rule", "gone", definition={"title": "Old"}))
    old = diffs.export("form", "schema", version="1.0.0")
    world.publish(schema("schema", {"name": "phone", "type": "string"}), artifact_input("new"))
    world.publish(artifact_input("form", "rule", "new", definition={"title": "New", "steps": [1, 2]}, name="Form 2"))
    new = diffs.export("form", "schema", version="1.1.0")

    found = diffs.api.get_diff(new).json

    assert found["from"] == {"packageId": old, "packageName": "Suite", "version": "1.0.0"}
    assert found["to"] == {"packageId": new, "packageName": "Suite", "version": "1.1.0"}
    assert [one["id"] for one in found["added"]] == ["new"]
    assert [one["id"] for one in found["removed"]] == ["gone"]
    assert found["unchanged"] == 1
    by_id = {one["id"]: one for one in found["changed"]}
    assert by_id.keys() == {"schema", "form"}
    form = by_id["form"]
    assert (form["name"], form["previousName"], "previousType" in form) == ("Form 2", "Made up", False)
    assert (form["dependenciesAdded"], form["dependenciesRemoved"]) == (["new"], ["gone"])
    assert form["sha256"] != form["previousSha256"]
    assert form["changes"] == [{"op": "add", "pointer": "/steps"}, {"op": "replace", "pointer": "/title"}]
    assert by_id["schema"]["changes"] == [{"op": "add", "pointer": "/fields/2"}]
    assert found["suggestedBump"] == "major"
    rules = [
        (one["rule"], one["bump"], one.get("artifactId"), one["package"], one["pointer"]) for one in found["reasons"]
    ]
    assert rules[0] == ("ArtifactRemoved", "major", "gone", "from", "/artifacts/1")
    assert ("OptionalFieldAdded", "minor", "schema", "to", "/fields/2") in rules
    assert [rule[1] for rule in rules] == sorted((rule[1] for rule in rules), key=["major", "minor", "patch"].index)


def test_the_next_lower_version_that_is_not_yanked_is_the_default(diffs: Diffs) -> None:
    diffs.world.publish(artifact_input("rule"))
    ids = {version: diffs.export("rule", version=version) for version in ("1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0")}
    diffs.export("rule", version="1.11.0", name="Other")

    assert diffs.get(ids["2.0.0"]).from_.version == "2.0.0-rc.1"
    assert diffs.get(ids["2.0.0-rc.1"]).from_.version == "1.10.0"
    assert diffs.api.change_lifecycle(ids["1.10.0"], {"lifecycle": "yanked", "reason": "x"}).status == 200
    assert diffs.get(ids["2.0.0-rc.1"]).from_.version == "1.9.0"
    refused = diffs.api.get_diff(ids["1.9.0"])
    assert (refused.status, refused.error_code) == (400, "InvalidRequest")
    assert "parameter from" in refused.json["detail"]


def test_a_package_of_another_name_may_be_named_and_a_yanked_one(diffs: Diffs) -> None:
    diffs.world.publish(artifact_input("rule"))
    other = diffs.export("rule", version="9.0.0", name="Other")
    package = diffs.export("rule", version="1.0.0")
    diffs.api.change_lifecycle(other, {"lifecycle": "yanked", "reason": "x"})

    found = diffs.get(package, from_=other)

    assert (found.from_.package_name, found.to.package_name, found.suggested_bump) == ("Other", "Suite", "none")
    assert "`Other` `9.0.0`" in diffs.api.get_diff(package, from_=other, format="markdown").body.decode()


def test_a_package_does_not_differ_from_itself(diffs: Diffs) -> None:
    diffs.world.publish(artifact_input("rule"))
    package = diffs.export("rule", version="1.0.0")

    found = diffs.get(package, from_=package)

    assert (found.added, found.removed, found.changed, found.unchanged) == ([], [], [], 1)
    assert (found.suggested_bump, found.reasons) == ("none", [])
    assert "**none**" in diffs.api.get_diff(package, from_=package, format="markdown").body.decode()


def test_a_package_of_another_tenant_is_like_one_that_does_not_exist(diffs: Diffs) -> None:
    for tenant in (TENANT, OTHER_TENANT):
        diffs.world.publish(artifact_input("rule", tenant=tenant))
    package = diffs.export("rule", version="1.0.0")
    theirs = diffs.export("rule", version="1.0.0", tenant=OTHER_TENANT)
    both = replace(CALLER, tenants=(TENANT, OTHER_TENANT))

    answers = [diffs.api.get_diff(package, from_=one) for one in (theirs, UNKNOWN, "nonsense", "", "~!")]
    answers += [diffs.api.get_diff(one, from_=package) for one in (theirs, UNKNOWN, "nonsense\n")]
    answers += [diffs.api.get_diff(package, both, from_=theirs)]

    assert {(answer.status, answer.error_code) for answer in answers} == {(404, "PackageNotFound")}
    assert len({json.dumps({**answer.json, "instance": ""}) for answer in answers}) == 1


def test_only_the_definitions_that_differ_are_read(diffs: Diffs, wire: Wire) -> None:
    leaves = [f"leaf-{number:03}" for number in range(300)]
    diffs.world.publish(*(artifact_input(leaf, definition={"text": leaf * 500}) for leaf in leaves))
    diffs.export(*leaves, version="1.0.0")
    diffs.world.publish(*(artifact_input(leaf, definition={"text": f"new {leaf * 500}"}) for leaf in leaves[::100]))
    package = diffs.export(*leaves, version="1.0.1")
    wire.clear()

    found = diffs.get(package)

    assert [one.id for one in found.changed] == leaves[::100]
    assert all([place.pointer for place in one.changes] == ["/text"] for one in found.changed)
    assert found.suggested_bump == "patch"
    # Two manifests, two directories, and one range for each of the definitions, which are far apart or joined.
    assert wire.count("GetObject") <= 2 + 2 + 2 * 3
    assert wire.count("Query") == 3


def test_definitions_over_the_limits_are_changed_without_places(diffs: Diffs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MAX_COMPARED_DEFINITION", 2_000)
    monkeypatch.setattr(comparison, "MAX_COMPARED_ARTIFACTS", 2)
    big = {"text": "x" * 3_000}
    diffs.world.publish(schema("a-schema"), *(artifact_input(name, definition=name) for name in ("b", "c", "d")))
    diffs.world.publish(artifact_input("big-schema", kind="EntitySchema", definition={**big, "fields": FIELDS}))
    diffs.export("a-schema", "b", "c", "d", "big-schema", version="1.0.0")
    diffs.world.publish(
        schema("a-schema", {"name": "phone", "type": "string"}),
        *(artifact_input(name, definition=[name]) for name in ("b", "c", "d")),
        artifact_input("big-schema", kind="EntitySchema", definition={**big, "fields": FIELDS[:1]}),
    )
    package = diffs.export("a-schema", "b", "c", "d", "big-schema", version="1.1.0")

    found = diffs.get(package)

    places = {one.id: ([place.pointer for place in one.changes], one.truncated) for one in found.changed}
    assert places == {
        "a-schema": (["/fields/2"], False),
        "b": ([""], False),
        "c": ([], True),
        "d": ([], True),
        "big-schema": ([], True),
    }
    assert {(one.rule, one.artifact_id) for one in found.reasons if one.bump == "minor"} == {
        ("OptionalFieldAdded", "a-schema"),
        ("SchemaNotRead", "big-schema"),
    }


def test_at_most_200_places_of_an_artifact_are_listed(diffs: Diffs) -> None:
    diffs.world.publish(artifact_input("rule", definition={str(number): 1 for number in range(250)}))
    diffs.export("rule", version="1.0.0")
    diffs.world.publish(artifact_input("rule", definition={str(number): 2 for number in range(250)}))

    (changed,) = diffs.get(diffs.export("rule", version="1.0.1")).changed

    assert (len(changed.changes), changed.truncated) == (200, True)


@pytest.mark.parametrize("name", ["json", "markdown"])
def test_a_known_comparison_is_not_made_again(diffs: Diffs, wire: Wire, name: str) -> None:
    diffs.world.publish(artifact_input("rule"))
    diffs.export("rule", version="1.0.0")
    package = diffs.export("rule", version="1.0.1")
    first = diffs.api.get_diff(package, format=name)
    wire.clear()

    again = diffs.api.get_diff(package, CALLER, {"If-None-Match": first.headers["ETag"]}, format=name)

    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert wire.count("GetObject") == 0
    other = {"json": "markdown", "markdown": "json"}[name]
    assert diffs.api.get_diff(package, format=other).headers["ETag"] != first.headers["ETag"]


def test_the_format_is_chosen_by_parameter_or_header(diffs: Diffs) -> None:
    diffs.world.publish(artifact_input("rule"))
    diffs.export("rule", version="1.0.0")
    package = diffs.export("rule", version="1.0.1")

    def content_type(accept: str, **query: str) -> str:
        return diffs.api.get_diff(package, CALLER, {"Accept": accept}, **query).headers["Content-Type"]

    assert content_type("*/*") == "application/json"
    assert content_type("text/markdown") == content_type("application/json", format="markdown")
    assert content_type("text/*, application/json;q=0.9") == "text/markdown; charset=utf-8"
    for response in (
        diffs.api.get_diff(package, CALLER, {"Accept": "image/png"}),
        diffs.api.get_diff(package, format="html"),
    ):
        assert (response.status, response.error_code) == (400, "InvalidRequest")


def test_release_notes_read_like_release_notes(diffs: Diffs) -> None:
    diffs.world.publish(schema("schema"), artifact_input("gone"), artifact_input("form", "gone"))
    diffs.export("form", "schema", version="1.0.0")
    diffs.world.publish(schema("schema", {"name": "phone", "type": "string", "required": True}))
    diffs.world.publish(artifact_input("new", name="Brand new"), artifact_input("form", "new"))
    package = diffs.export("form", "schema", version="2.0.0")

    notes = diffs.api.get_diff(package, format="markdown").body.decode()

    assert (
        notes
        == """\
# `Suite` `2.0.0`

Changes since `1.0.0`. Suggested step: **major**: it may break what uses the package.

## Breaking changes

- `gone`: An artifact was removed
- `schema`: A field of an EntitySchema became required, or a required one was added (`/fields/2`)

## Added

- RuleSet `Brand new` (`new`)

## Changed

- EntitySchema `Schema` (`schema`): add `/fields/2`
- RuleSet `Made up` (`form`): needs `new` now, no longer needs `gone`

## Removed

- RuleSet `Made up` (`gone`)
"""
    )


HOSTILE: Final = (
    "<script>alert(1)</script>",
    "[click](https://evil.example) ![x](y)",
    "``` # heading",
    "`",
    "two\nlines\n\n# heading",
    "a\u202egnp.exe",
    "www.evil.example @everyone #1 **bold** | a | b |",
    " leading and trailing ",
    "\\`x\\`",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_in_release_notes(diffs: Diffs, name: str) -> None:
    diffs.world.publish(artifact_input("rule"), artifact_input("old"))
    diffs.export("rule", "old", version="1.0.0")
    diffs.world.publish(artifact_input("rule", name=name), artifact_input("new", name=name))

    notes = diffs.api.get_diff(diffs.export("rule", "new", version="2.0.0"), format="markdown").body.decode()

    html = MarkdownIt("commonmark").render(notes)
    assert set(re.findall(r"</?(\w+)", html)) <= {"h1", "h2", "p", "ul", "li", "code", "strong"}
    assert html.count("<h1>") == 1
    assert "\u202e" not in notes
    assert notes.count("\n- ") == html.count("<li>")


def test_a_damaged_bundle_is_an_error_and_never_a_wrong_result(diffs: Diffs) -> None:
    diffs.world.publish(artifact_input("rule", definition={"limit": 1}))
    old = diffs.export("rule", version="1.0.0")
    diffs.world.publish(artifact_input("rule", definition={"limit": 2}))
    package = diffs.export("rule", version="1.0.1")
    correct = diffs.api.get_diff(package).body
    record = diffs.world.packages().find(old)
    assert record is not None
    stored = diffs.world.bundles().read(record.bundle_key)
    statuses = []
    for position in range(0, len(stored), 3):
        damaged = bytearray(stored)
        damaged[position] ^= 1
        diffs.world.s3.put_object(Bucket=diffs.world.name("BundleBucket"), Key=record.bundle_key, Body=bytes(damaged))
        response = diffs.api.get_diff(package)
        statuses.append(response.status)
        assert response.error_code == "InternalError" if response.status == 500 else response.body == correct, position
    assert statuses.count(500) > len(statuses) // 3


@pytest.mark.parametrize("kind", ["throttled", "unreachable", "failing"])
@pytest.mark.parametrize("call", ["GetObject-1", "GetObject-3", "GetObject-5", "Query-1", "Query-2", "Query-3"])
def test_an_outage_is_a_503(diffs: Diffs, wire: Wire, call: str, kind: str) -> None:
    diffs.world.publish(artifact_input("rule", definition=1))
    diffs.export("rule", version="1.0.0")
    diffs.world.publish(artifact_input("rule", definition=2))
    package = diffs.export("rule", version="1.0.1")
    wire.clear()
    wire.fault = Outage.at(call, kind)

    response = diffs.api.get_diff(package)

    assert (response.status, response.error_code) == (503, "ServiceUnavailable")


def test_a_missing_permission_is_a_500(diffs: Diffs, wire: Wire) -> None:
    diffs.world.publish(artifact_input("rule"))
    diffs.export("rule", version="1.0.0")
    package = diffs.export("rule", version="1.0.1")
    wire.clear()
    wire.fault = AccessDenied("GetObject-1")

    assert diffs.api.get_diff(package).status == 500


def test_a_comparison_that_is_too_large_leaves_out_the_places(diffs: Diffs, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"rule-{number}" for number in range(40)]
    for value, version in ((1, "1.0.0"), (2, "1.0.1")):
        noise = {name: {sha256_hex(f"{name}{number}".encode()): value for number in range(99)} for name in names}
        diffs.world.publish(*(artifact_input(name, definition=noise[name]) for name in names))
        package = diffs.export(*names, version=version)
    monkeypatch.setattr("installhub.http.responses.MAX_RESPONSE_BYTES", 30_000)
    monkeypatch.setattr("installhub.http.responses._ALWAYS_FITS_LENGTH", 0)

    response: ApiResponse = diffs.api.get_diff(package)

    assert response.status == 200
    found = PackageDiff.model_validate_json(response.body)
    assert len(found.changed) == len(names)
    assert all(one.truncated and not one.changes for one in found.changed)


def test_versions_that_the_index_does_not_know_to_be_yanked_or_erased_yet_are_skipped(diffs: Diffs) -> None:
    world = diffs.world
    world.publish(artifact_input("rule"))
    ids = {version: diffs.export("rule", version=version) for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0")}
    indexed = index_items(world)
    assert diffs.api.change_lifecycle(ids["1.2.0"], {"lifecycle": "yanked", "reason": "x"}).status == 200
    for item in indexed:
        world.dynamodb.put_item(TableName=world.name("PackageIndexTable"), Item=item)
    world.dynamodb.delete_item(TableName=world.name("PackagesTable"), Key={"packageId": {"S": ids["1.1.0"]}})

    assert diffs.get(ids["1.3.0"]).from_.version == "1.0.0"
