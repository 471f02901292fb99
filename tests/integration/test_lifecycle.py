"""PATCH /packages/{packageId}: deprecated, yanked and active again, with history, event and conditions."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from boto3.dynamodb.types import TypeDeserializer
from jsonschema import Draft202012Validator

from installhub.contract.package_models import PackageLifecycle
from installhub.contract.response_models import PackageResponse
from installhub.events.outcome_events import outcome_event
from installhub.model.errors import ErrorCode, InstallHubError, ServiceUnavailableError
from installhub.model.lifecycle import MAX_HISTORY, Lifecycle
from installhub.model.precondition import Precondition
from installhub.packages.indexed_lifecycle import IndexedLifecycle
from installhub.packages.indexing import IndexOutcome
from installhub.packages.lifecycle import LifecycleManager, LifecyclePatch
from installhub.packages.package_filter import PackageFilter
from installhub.packages.package_index import PackageIndex
from tests.integration.support.api import CALLER, MANAGER, Api, ApiResponse
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.functions import PROJECT, Functions
from tests.integration.support.indexing import stream_event
from tests.integration.support.wire import AccessDenied, ConcurrentAction, Kill, Killed, Outage, moments
from tests.integration.test_audit import run_audit

if TYPE_CHECKING:
    from installhub.exports.commands import ExportedPackage
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

REASON: Final = "Use 2.0.0."
DEPRECATE: Final = {"lifecycle": "deprecated", "reason": REASON}
UNKNOWN: Final = "pkg-00000000-0000-5000-8000-000000000000"
CALLS: Final = ("Query-1", "UpdateItem-1", "UpdateItem-2", "UpdateItem-3")
PATCH: Final = LifecyclePatch(Lifecycle.DEPRECATED, REASON, None, frozenset({"reason"}))

pytestmark = pytest.mark.usefixtures("no_waiting")


@dataclass
class Scene:
    """Two packages of a tenant, and a client."""

    world: World
    api: Api
    packages: list[ExportedPackage]

    @property
    def id(self) -> str:
        return self.packages[0].record.description.package_id

    @property
    def replacement(self) -> str:
        return self.packages[1].record.description.package_id

    def patch(self, patch: Any, **headers: str) -> ApiResponse:  # noqa: ANN401  # any JSON value
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.api.change_lifecycle(self.id, patch, headers=names)

    def listed(self, lifecycle: str | None = None) -> list[tuple[str, str]]:
        """The version and lifecycle of the packages in the list, and of those in the list of the name."""
        index = PackageIndex(self.world.dynamodb, self.world.name("PackageIndexTable"))
        wanted = None if lifecycle is None else Lifecycle(lifecycle)
        lists = [
            index.list([TENANT], PackageFilter(name=name, lifecycle=wanted), 200, None).entries
            for name in (None, "Made up")
        ]
        found = [[(one.version, one.lifecycle.value) for one in entries] for entries in lists]
        assert found[0] == found[1]
        return found[0]


def manager(world: World) -> LifecycleManager:
    index = IndexedLifecycle(world.dynamodb, world.name("PackageIndexTable"))
    return LifecycleManager(world.packages(), index, world.clock)


def change(world: World, package_id: str, patch: LifecyclePatch = PATCH, if_match: str | None = None) -> str:
    """Change a lifecycle, and return the new one."""
    precondition = Precondition(revisions=None if if_match is None else frozenset({if_match}))
    return manager(world).change(package_id, [TENANT], patch, precondition, "someone").state.lifecycle.value


@pytest.fixture
def scene(world: World) -> Scene:
    world.publish(artifact_input("rule"))
    packages = [
        world.at(lambda number=number: 1_780_000_000 + number).export("rule", version=f"{number}.0.0")  # type: ignore[misc]
        for number in (1, 2)
    ]
    for package in packages:
        world.indexer().index(package.record)
    return Scene(world, Api(Functions(world.deployment)), packages)


def test_a_package_is_deprecated_yanked_and_active_again(scene: Scene) -> None:
    replaced = scene.patch({**DEPRECATE, "replacedBy": scene.replacement})
    yanked = scene.patch({"lifecycle": "yanked", "reason": "It deletes data."})
    active = scene.patch({"lifecycle": "active"})

    assert [response.status for response in (replaced, yanked, active)] == [200, 200, 200]
    body = PackageLifecycle.model_validate_json(replaced.body)
    assert (body.package_id, body.package_name, body.version) == (scene.id, "Made up", "1.0.0")
    assert (body.lifecycle, body.reason, body.replaced_by) == ("deprecated", REASON, scene.replacement)
    assert (yanked.json["reason"], yanked.json["replacedBy"]) == ("It deletes data.", scene.replacement), "as it was"
    assert (active.json["reason"], active.json["replacedBy"]) == (None, None)
    history = active.json["lifecycleHistory"]
    assert [(one["lifecycle"], one.get("reason"), one["changedBy"]) for one in history] == [
        ("deprecated", REASON, "hr-automation"),
        ("yanked", "It deletes data.", "hr-automation"),
        ("active", None, "hr-automation"),
    ]
    assert all(datetime.fromisoformat(one["changedAt"]).tzinfo for one in history)


def test_the_package_shows_its_lifecycle_and_otherwise_stays_the_same(scene: Scene) -> None:
    before = scene.api.get_package(scene.id)
    scene.patch(DEPRECATE)
    after = scene.api.get_package(scene.id)

    assert "lifecycle" not in before.json
    PackageResponse.model_validate_json(after.body)
    added = {name: value for name, value in after.json.items() if name not in before.json}
    assert {**after.json, **before.json} == after.json
    assert added.keys() == {"lifecycle", "reason", "replacedBy", "lifecycleHistory"}
    assert (added["lifecycle"], added["reason"]) == ("deprecated", REASON)


@pytest.mark.parametrize("route", ["get_package", "download", "get_graph", "get_sbom", "get_attestation"])
def test_responses_with_a_deprecated_package_say_so(scene: Scene, route: str) -> None:
    def headers(**sent: str) -> dict[str, str]:
        response = scene.api.get(route, scene.id, CALLER, {name.replace("_", "-"): sent[name] for name in sent})
        return {name: response.headers[name] for name in response.headers if name.startswith("Deprecation")}

    assert headers() == {}
    history = scene.patch({"lifecycle": "deprecated", "reason": 'Über "100%"\n'}).json["lifecycleHistory"]
    at = int(datetime.fromisoformat(history[0]["changedAt"]).timestamp())
    expected = {"Deprecation": f"@{at}", "Deprecation-Reason": '%"%c3%9cber %22100%25%22%0a"'}
    assert headers() == expected
    assert headers(If_None_Match="*") == expected, "also without a body"
    scene.patch({"lifecycle": "yanked"})
    assert headers() == {}


def test_a_yanked_package_can_be_downloaded_and_its_version_stays_taken(scene: Scene) -> None:
    scene.patch({"lifecycle": "yanked", "reason": REASON})

    download = scene.api.download(scene.id)
    assert (download.status, download.body[:2]) == (200, b"PK")
    with pytest.raises(InstallHubError) as conflict:
        scene.world.export("rule", version="1.0.0")
    assert conflict.value.code is ErrorCode.VERSION_CONFLICT


def test_lists_show_the_change_at_once(scene: Scene) -> None:
    scene.patch({"lifecycle": "yanked", "reason": REASON})
    assert scene.listed() == [("2.0.0", "active")]
    assert scene.listed("yanked") == [("1.0.0", "yanked")]

    scene.patch({"lifecycle": "deprecated"})
    assert scene.listed() == [("2.0.0", "active"), ("1.0.0", "deprecated")]
    assert run_audit(scene.world).findings == []


@pytest.mark.parametrize(
    ("patch", "pointers"),
    [
        ({"lifecycle": "deprecated"}, ["/reason"]),
        ({"lifecycle": "yanked", "reason": None}, ["/reason"]),
        ({"lifecycle": "gone", "reason": REASON}, ["/lifecycle"]),
        ({"lifecycle": None}, ["/lifecycle"]),
        ({"lifecycle": ["active"]}, ["/lifecycle"]),
        ({"lifecycle": "Active"}, ["/lifecycle"]),
        ({**DEPRECATE, "reason": ""}, ["/reason"]),
        ({**DEPRECATE, "reason": " \n"}, ["/reason"]),
        ({**DEPRECATE, "reason": 5}, ["/reason"]),
        ({**DEPRECATE, "reason": "x" * 1001}, ["/reason"]),
        ({**DEPRECATE, "replacedBy": 5}, ["/replacedBy"]),
        ({**DEPRECATE, "replacedBy": "pkg-1"}, ["/replacedBy"]),
        ({**DEPRECATE, "replacedBy": UNKNOWN}, ["/replacedBy"]),
        ({**DEPRECATE, "replacedBy": "x" * 100_000}, [""]),
        ({**DEPRECATE, "version": "2.0.0"}, ["/version"]),
        ({"name": "x", "lifecycle": 1, "reason": 2}, ["/name", "/reason", "/lifecycle"]),
        ([], [""]),
        ("text", [""]),
        (None, [""]),
        (b"", [""]),
        (b"{", [""]),
        (b'{"lifecycle": "active", "lifecycle": "yanked"}', [""]),
        (b'{"lifecycle": "deprecated", "reason": "\\ud800"}', ["/reason"]),
        (b"\xff", [""]),
        (b"[" * 60_000, [""]),
        (b'{"reason": NaN}', [""]),
    ],
)
def test_a_bad_patch_is_refused_and_changes_nothing(scene: Scene, patch: Any, pointers: list[str]) -> None:  # noqa: ANN401  # any JSON value
    response = scene.patch(patch if isinstance(patch, bytes) else json.dumps(patch).encode())

    problem = response.problem()
    assert response.status == (413 if pointers == [""] and len(str(patch)) > 90_000 else 400)
    assert [error.pointer or "" for error in problem.errors] == pointers
    assert scene.api.get_package(scene.id).json.get("lifecycle") is None
    assert scene.listed() == [("2.0.0", "active"), ("1.0.0", "active")]


def test_a_package_is_not_replaced_by_itself_nor_by_one_of_another_tenant(scene: Scene) -> None:
    scene.world.publish(artifact_input("rule", tenant=OTHER_TENANT))
    theirs = scene.world.export("rule", tenant=OTHER_TENANT).record.description.package_id

    answers = [scene.patch({**DEPRECATE, "replacedBy": one}).problem() for one in (scene.id, theirs, UNKNOWN)]

    assert {answer.errors[0].detail for answer in answers} == {
        "replacedBy: is not the id of another package of the tenant"
    }


def test_only_the_scope_permits_it(scene: Scene) -> None:
    for scopes in ({"installhub:export"}, {"installhub:publish"}, {"installhub:export", "installhub:publish"}, set()):
        caller = replace(MANAGER, scopes=frozenset(scopes))
        response = scene.api.change_lifecycle(scene.id, DEPRECATE, caller=caller)
        assert (response.status, response.error_code) == (403, "InsufficientScope")
        assert 'scope="installhub:manage"' in response.headers["WWW-Authenticate"]
    assert scene.api.change_lifecycle(scene.id, DEPRECATE, caller=None).status == 401
    only = replace(MANAGER, scopes=frozenset({"installhub:manage"}))
    assert scene.api.change_lifecycle(scene.id, DEPRECATE, caller=only).status == 200
    assert scene.api.get_package(scene.id, caller=only).status == 403, "it does not permit reading"


def test_a_package_of_another_tenant_is_like_one_that_does_not_exist(scene: Scene) -> None:
    stranger = replace(MANAGER, tenants=(OTHER_TENANT,))

    answers = [
        scene.api.change_lifecycle(package_id, DEPRECATE, caller=stranger) for package_id in (scene.id, UNKNOWN, "x\n")
    ]

    assert [(answer.status, answer.error_code) for answer in answers] == [(404, "PackageNotFound")] * 3
    assert len({json.dumps({**answer.json, "instance": ""}) for answer in answers}) == 1
    assert scene.listed("deprecated") == []


def test_an_accepted_export_has_no_lifecycle_yet(scene: Scene) -> None:
    pending = scene.api.export(
        {
            "tenantId": TENANT,
            "packageName": "Later",
            "packageType": "config-package",
            "version": "1.0.0",
            "artifactIds": ["rule"],
        },
        headers={"Prefer": "respond-async"},
    ).json["packageId"]

    assert scene.api.change_lifecycle(pending, DEPRECATE).status == 404


def test_the_entity_tag_changes_with_the_lifecycle_and_guards_it(scene: Scene) -> None:
    first = scene.api.get_package(scene.id).headers["ETag"]
    changed = scene.patch(DEPRECATE, If_Match=first)

    assert changed.status == 200
    second = changed.headers["ETag"]
    assert second == scene.api.get_package(scene.id).headers["ETag"] != first
    assert scene.api.get_package(scene.id, headers={"If-None-Match": first}).status == 200
    assert scene.api.get_package(scene.id, headers={"If-None-Match": second}).status == 304
    for tag in (first, f"W/{second}", '"other"'):
        refused = scene.patch({"lifecycle": "active"}, If_Match=tag)
        assert (refused.status, refused.error_code) == (412, "PreconditionFailed")
    assert scene.patch({"lifecycle": "active"}, If_Match="second").status == 400, "without quotes"
    assert scene.patch({"lifecycle": "active"}, If_Match=f'"other", {second}').status == 200
    assert scene.patch(DEPRECATE, If_Match="*").status == 200


def test_repeating_a_change_writes_nothing(scene: Scene, wire: Wire) -> None:
    first = scene.patch(DEPRECATE)
    wire.clear()

    again = scene.patch(DEPRECATE)

    assert (again.body, again.headers["ETag"]) == (first.body, first.headers["ETag"])
    assert [str(call) for call in wire.calls] == ["Query-1"]
    assert scene.patch({}).body == first.body
    assert scene.patch({"reason": "Another reason."}).json["lifecycleHistory"][-1]["reason"] == "Another reason."


def test_the_history_keeps_the_newest_changes(scene: Scene) -> None:
    for number in range(MAX_HISTORY + 5):
        reason = f"{number} {'長' * 100}"
        change(scene.world, scene.id, LifecyclePatch(Lifecycle.DEPRECATED, reason, None, frozenset({"reason"})))

    history = scene.api.get_package(scene.id).json["lifecycleHistory"]

    assert [one["reason"].split()[0] for one in history] == [str(number) for number in range(5, MAX_HISTORY + 5)]
    assert scene.api.get_package(scene.id).headers["ETag"].endswith(f'-{MAX_HISTORY + 5}"')


def test_the_longest_reasons_fit_into_the_item(scene: Scene) -> None:
    for number in range(40):
        reason = f"{number} {chr(0) * 990}"  # six bytes each in JSON
        change(scene.world, scene.id, LifecyclePatch(Lifecycle.DEPRECATED, reason, None, frozenset({"reason"})))

    history = scene.api.get_package(scene.id).json["lifecycleHistory"]

    assert [one["reason"].split()[0] for one in history] == [str(number) for number in range(7, 40)]


def test_the_calls_are_those_tested_here(scene: Scene, wire: Wire) -> None:
    wire.clear()
    change(scene.world, scene.id)

    assert tuple(map(str, wire.calls)) == CALLS


@pytest.mark.parametrize("moment", moments(*CALLS))
def test_a_crash_at_any_call_changes_everything_or_nothing_and_the_stream_completes_it(
    scene: Scene, wire: Wire, moment: str
) -> None:
    wire.clear()
    wire.fault = Kill(moment)
    with pytest.raises(Killed):
        change(scene.world, scene.id)

    later = replace(scene, world=scene.world.with_other_clients())
    package = later.world.packages().find(scene.id)
    assert package is not None
    is_changed = moment not in {"before Query-1", "after Query-1", "before UpdateItem-1"}
    assert package.state.lifecycle == ("deprecated" if is_changed else "active")
    if is_changed:
        outcome = later.world.indexer().index(package)
        assert outcome == (IndexOutcome.UNCHANGED if moment == "after UpdateItem-3" else IndexOutcome.UPDATED)
    assert later.listed() == [("2.0.0", "active"), ("1.0.0", "deprecated" if is_changed else "active")]
    assert change(later.world, scene.id) == "deprecated"
    assert later.listed() == [("2.0.0", "active"), ("1.0.0", "deprecated")]
    assert run_audit(later.world).findings == []


@pytest.mark.parametrize("kind", ["throttled", "unreachable", "failing", "answer lost"])
@pytest.mark.parametrize("call", CALLS)
def test_an_outage_is_a_503_and_the_repeated_request_completes_the_change(
    scene: Scene, wire: Wire, call: str, kind: str
) -> None:
    wire.clear()
    wire.fault = Outage.at(call, kind)
    refused = scene.patch(DEPRECATE)
    assert (refused.status, refused.error_code) == (503, "ServiceUnavailable")

    wire.fault = Outage.at("none", kind)
    assert scene.patch(DEPRECATE).json["lifecycle"] == "deprecated"
    package = scene.world.packages().find(scene.id)
    assert package is not None
    scene.world.indexer().index(package)  # as the stream does
    assert len(package.state.history) == 1
    assert scene.listed() == [("2.0.0", "active"), ("1.0.0", "deprecated")]


def test_a_missing_permission_is_a_500(scene: Scene, wire: Wire) -> None:
    wire.clear()
    wire.fault = AccessDenied("UpdateItem-1")

    assert scene.patch(DEPRECATE).status == 500


def test_of_eight_changes_with_one_entity_tag_exactly_one_wins(scene: Scene, wire: Wire) -> None:
    wire.clear()
    package = scene.world.packages().find(scene.id)
    assert package is not None
    barrier = threading.Barrier(8)

    def attempt(number: int) -> str | ErrorCode:
        patch = LifecyclePatch(Lifecycle.DEPRECATED, f"Reason {number}.", None, frozenset({"reason"}))
        barrier.wait()
        try:
            return change(scene.world, scene.id, patch, package.revision)
        except InstallHubError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))

    assert sorted(outcomes) == sorted(["deprecated", *[ErrorCode.PRECONDITION_FAILED] * 7])
    changed = scene.world.packages().find(scene.id)
    assert changed is not None
    assert len(changed.state.history) == changed.state.revision == 1


def test_simultaneous_changes_without_conditions_are_all_kept(scene: Scene, wire: Wire) -> None:
    wire.clear()

    def attempt(number: int) -> str:
        return change(
            scene.world, scene.id, LifecyclePatch(Lifecycle.YANKED, f"Reason {number}.", None, frozenset({"reason"}))
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(attempt, range(4)))

    package = scene.world.packages().find(scene.id)
    assert package is not None
    assert {one.reason for one in package.state.history} == {f"Reason {number}." for number in range(4)}
    scene.world.indexer().index(package)
    assert scene.listed("yanked") == [("1.0.0", "yanked")]


def test_a_package_that_never_stops_changing_is_unavailable(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installhub.packages.store.PackageStore.change_lifecycle", lambda *_: None)

    with pytest.raises(ServiceUnavailableError):
        change(scene.world, scene.id)


def test_a_package_that_is_deleted_meanwhile_is_not_found(scene: Scene, wire: Wire) -> None:
    other = scene.world.with_other_clients()
    key = {"packageId": {"S": scene.id}}
    wire.clear()
    wire.fault = ConcurrentAction.at(
        "UpdateItem-1", lambda: other.dynamodb.delete_item(TableName=other.name("PackagesTable"), Key=key)
    )

    with pytest.raises(InstallHubError) as refusal:
        change(scene.world, scene.id)

    assert refusal.value.code is ErrorCode.PACKAGE_NOT_FOUND
    assert "Item" not in other.dynamodb.get_item(TableName=other.name("PackagesTable"), Key=key)


@pytest.mark.parametrize("call", ["GetItem-1", "BatchWriteItem-1", "BatchWriteItem-2", "BatchWriteItem-3", "GetItem-2"])
def test_a_change_while_the_package_is_indexed_is_not_lost(scene: Scene, wire: Wire, call: str) -> None:
    new = scene.world.export("rule", version="3.0.0")
    other = scene.world.with_other_clients()
    wire.clear()
    wire.fault = ConcurrentAction.at(call, lambda: change(other, new.record.description.package_id))

    assert scene.world.indexer().index(new.record) is IndexOutcome.INDEXED

    assert scene.listed("deprecated") == [("3.0.0", "deprecated")]


def test_the_stream_brings_the_index_up_to_date(scene: Scene) -> None:
    functions = Functions(scene.world.deployment)
    package = scene.world.packages().find(scene.id)
    assert package is not None
    scene.patch(DEPRECATE)
    table = scene.world.name("PackageIndexTable")
    for item in scene.world.dynamodb.scan(TableName=table)["Items"]:
        if "lifecycle" in item and item["lifecycle"]["S"] == "deprecated":  # as if the function had crashed
            item["lifecycle"], item["revision"] = {"S": "active"}, {"N": "0"}
            scene.world.dynamodb.put_item(TableName=table, Item=item)

    event = stream_event(scene.world, scene.packages[0])
    assert functions.invoke("index_packages", event) == {"outcomes": ["updated"]}
    assert scene.listed("deprecated") == [("1.0.0", "deprecated")]
    assert functions.invoke("index_packages", event) == {"outcomes": ["unchanged"]}
    assert scene.world.indexer().index(package) is IndexOutcome.UNCHANGED, "an old record does not undo it"


def test_each_change_is_published_as_an_event(scene: Scene) -> None:
    images = [image_of(scene)]
    for patch in ({**DEPRECATE, "replacedBy": scene.replacement}, {"lifecycle": "active"}):
        assert scene.patch(patch).status == 200
        images.append(image_of(scene))

    first, again, second = (outcome_event(images[new], images[new - 1], "/installhub/test") for new in (1, 1, 2))

    assert first is not None
    assert second is not None
    assert outcome_event(images[1], images[1], "/installhub/test") is None, "nothing changed"
    schema = json.loads((PROJECT / "docs/events/package-lifecycle-changed-1.schema.json").read_text())
    for event in (first, second):
        Draft202012Validator(schema).validate(event)
        assert (event["type"], event["subject"]) == ("PackageLifecycleChanged", scene.id)
        assert event["time"] == event["data"]["changedAt"]
    assert first == again, "a repeated record is the same event"
    assert first["id"] != second["id"]
    assert (
        first["data"].items()
        >= {
            "tenantId": TENANT,
            "packageId": scene.id,
            "version": "1.0.0",
            "previousLifecycle": "active",
            "lifecycle": "deprecated",
            "reason": REASON,
            "replacedBy": scene.replacement,
            "changedBy": "hr-automation",
            "revision": 1,
        }.items()
    )
    assert second["data"].items() >= {"previousLifecycle": "deprecated", "lifecycle": "active", "revision": 2}.items()
    assert "reason" not in second["data"]


def image_of(scene: Scene) -> dict[str, Any]:
    """Return the item of the package as Python values, as the function receives it."""
    key: Any = {"packageId": {"S": scene.id}}
    item = scene.world.dynamodb.get_item(TableName=scene.world.name("PackagesTable"), Key=key)["Item"]
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
