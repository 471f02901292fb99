"""References that are not declared: warnings of a preview, and a reason to refuse an export if it is told to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.artifacts import items
from installhub.contract.response_bodies import pending_body
from installhub.packages.pending_exports import PendingExport
from tests.integration.support.api import EXPORT_BODY, Api, ApiResponse
from tests.integration.support.artifact_api import ArtifactApi, artifact_of, rule
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.async_stack import AsyncStack, export_requested
from tests.integration.support.functions import Functions
from tests.integration.support.wire import Outage

if TYPE_CHECKING:
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

READS = ("BatchGetItem", "Query", "GetItem")
BODY = {"tenantId": TENANT, "artifactIds": ["proc-1001"]}
PROCESS = rule("rule-1", type="ProcessDefinition", definition={"steps": [{"use": "rule-1"}, {"form": "form-2"}]})
WARNING = ("UndeclaredReference", "proc-1001", "/steps/1/form", "form-2")


@pytest.fixture
def references(artifacts: ArtifactApi) -> Api:
    """A tenant whose process uses a form that it does not declare."""
    for artifact_id, fields in {"proc-1001": PROCESS, "rule-1": rule(), "form-2": rule()}.items():
        artifact_of(artifacts.put(artifact_id, fields), 201)
    return Api(artifacts.functions)


def warnings(api: Api, **fields: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401  # fields of the body
    found = api.preview({**BODY, "checkReferences": True, **fields}).preview().warnings
    return [(warning.error_code, warning.artifact_id, warning.pointer, warning.reference) for warning in found]


def export(api: Api, policy: str | None = "refuse", **fields: Any) -> ApiResponse:  # noqa: ANN401  # fields of the body
    return api.export({**EXPORT_BODY, **BODY, "onUndeclaredReference": policy, **fields})


def forget_references(world: World, *artifact_ids: str) -> None:
    """Remove what an earlier version did not record."""
    for artifact_id in artifact_ids:
        world.dynamodb.update_item(
            TableName=world.name("ArtifactsTable"),
            Key=items.primary_key(TENANT, items.edge_sort_key(artifact_id)),
            UpdateExpression="REMOVE refs",
        )


def test_a_reference_that_is_not_declared_is_a_warning_if_the_preview_is_asked(references: Api) -> None:
    assert warnings(references) == [WARNING]
    for off in (False, None):
        assert warnings(references, checkReferences=off) == []


def test_an_export_is_refused_with_the_same_problems_and_claims_nothing(references: Api, world: World) -> None:
    found = references.preview({**BODY, "checkReferences": True}).preview().warnings
    problem = export(references).problem()

    assert (problem.status, problem.error_code) == (400, "UndeclaredReference")
    assert problem.errors == found
    assert (world.package_statuses(), world.objects()) == ({}, [])


@pytest.mark.parametrize("policy", ["ignore", None])
def test_an_export_that_is_not_told_to_refuse_ignores_them(references: Api, policy: str | None) -> None:
    export(references, policy).package()


@pytest.mark.parametrize("policy", ["REFUSE", "", True, 1])
def test_an_unknown_policy_is_invalid(references: Api, policy: object) -> None:
    assert export(references, policy).problem().errors[0].pointer == "/onUndeclaredReference"  # type: ignore[arg-type]


def test_the_fields_belong_to_one_route_each(references: Api) -> None:
    assert references.preview({**BODY, "onUndeclaredReference": "refuse"}).error_code == "InvalidRequest"
    assert references.export({**EXPORT_BODY, "checkReferences": True}).error_code == "InvalidRequest"
    assert references.preview({**BODY, "checkReferences": "yes"}).error_code == "InvalidRequest"


def test_declaring_the_reference_ends_the_warning(references: Api, artifacts: ArtifactApi) -> None:
    artifacts.put("proc-1001", {**PROCESS, "dependencies": ["rule-1", "form-2"]})

    assert warnings(references) == []
    export(references).package()


def test_it_does_not_matter_in_which_order_artifacts_are_published_or_deleted(
    references: Api, artifacts: ArtifactApi
) -> None:
    artifacts.delete("form-2")
    assert warnings(references) == []
    artifacts.put("form-2", rule())
    assert warnings(references) == [WARNING]


def test_what_only_another_tenant_has_is_not_told(references: Api, artifacts: ArtifactApi, world: World) -> None:
    artifacts.delete("form-2")
    world.publish(artifact_input("form-2", tenant=OTHER_TENANT))

    assert warnings(references) == []
    export(references).package()


def test_a_reference_to_another_artifact_of_the_package_counts_too(references: Api) -> None:
    assert warnings(references, artifactIds=["proc-1001", "form-2"]) == [WARNING]


def test_all_references_are_listed(references: Api, artifacts: ArtifactApi) -> None:
    artifacts.put("rule-1", rule(definition=["form-2", {"a/b": "proc-1001"}, "rule-1", "gone-1", "form-2"]))

    assert warnings(references) == [
        WARNING,
        ("UndeclaredReference", "rule-1", "/0", "form-2"),
        ("UndeclaredReference", "rule-1", "/1/a~1b", "proc-1001"),
    ]


def test_the_check_changes_the_tag_of_the_response_but_not_the_plan(references: Api) -> None:
    plain = references.preview(BODY).headers["ETag"]
    checked = references.preview({**BODY, "checkReferences": True}).headers["ETag"]

    assert plain != checked
    for number, tag in enumerate((plain, checked)):
        body = {**EXPORT_BODY, "version": f"{number}.0.0"}
        references.export(body, headers={"If-Match": tag}).package()
    refused = references.export({**EXPORT_BODY, "onUndeclaredReference": "refuse"}, headers={"If-Match": plain})
    assert [error.error_code for error in refused.problem().errors] == ["UndeclaredReference"]


# Costs.


@pytest.mark.usefixtures("references")
def test_no_definition_is_read_and_a_preview_without_the_check_costs_what_it_did(
    artifacts: ArtifactApi, wire: Wire, world: World
) -> None:
    def cost(api: Api, **fields: Any) -> list[str]:  # noqa: ANN401  # fields of the body
        wire.clear()
        api.preview({**BODY, **fields}).preview()
        assert {call.service for call in wire.calls} == {"dynamodb"}
        return [call.operation for call in wire.calls]

    artifacts.put("form-2", {**PROCESS, "dependencies": [], "definition": {}})
    artifacts.put("proc-1001", {**PROCESS, "definition": ["gone-1", "gone-2"]})
    world.publish(*(artifact_input(f"filler-{number}") for number in range(300)))  # so that levels are read
    fresh = Api(Functions(world.deployment))
    levels = cost(fresh)
    again = cost(fresh)

    assert len(cost(fresh, checkReferences=True)) == len(again) + 1
    assert cost(fresh) == again  # what was looked up is not requested again
    assert len(levels) <= 2


def test_references_are_looked_up_with_a_bounded_number_of_requests(world: World, wire: Wire) -> None:
    leaves = [f"leaf-{number:04}" for number in range(300)]
    world.publish(
        artifact_input("proc-1001", *leaves, kind="ProcessDefinition"),
        *(artifact_input(leaf, definition=[f"no-{leaf}-{number}" for number in range(20)]) for leaf in leaves),
    )
    api = Api(Functions(world.deployment))
    wire.clear()

    assert warnings(api) == []

    assert wire.count() <= 4


@pytest.mark.usefixtures("no_waiting")
def test_a_service_that_fails_during_the_check_is_no_result(references: Api, wire: Wire) -> None:
    wire.clear()
    wire.fault = Outage(lambda call: call.operation in READS, "throttled")

    assert references.preview({**BODY, "checkReferences": True}).error_code == "ServiceUnavailable"


# Artifacts that an earlier version published.


def test_artifacts_of_an_earlier_version_are_reported_until_they_are_published_again(
    references: Api, artifacts: ArtifactApi, world: World
) -> None:
    forget_references(world, "proc-1001", "rule-1")
    before = artifacts.get("proc-1001")
    assert warnings(references) == [("UndeclaredReference", None, None, None)]
    assert export(references).error_code == "UndeclaredReference"
    export(references, "ignore", version="0.1.0").package()

    for artifact_id, fields in {"proc-1001": PROCESS, "rule-1": rule()}.items():
        assert artifact_of(artifacts.put(artifact_id, fields))["change"] == "unchanged"

    assert warnings(references) == [WARNING]
    after = artifacts.get("proc-1001")
    assert (after.body, after.headers["ETag"]) == (before.body, before.headers["ETag"])


def test_a_batch_adds_what_is_missing_with_one_write_each(
    references: Api, artifacts: ArtifactApi, world: World, wire: Wire
) -> None:
    forget_references(world, "proc-1001")
    batch = [{"artifactId": "proc-1001", **PROCESS}, {"artifactId": "rule-1", **rule()}]
    changes = []
    for writes in (1, 0):
        wire.clear()
        changes += [result["change"] for result in artifacts.batch(*batch).json["results"]]
        assert wire.count("TransactWriteItems") == writes

    assert changes == ["unchanged"] * 4
    assert warnings(references) == [WARNING]


# Exports that are not requested over HTTP.


@pytest.fixture
def async_stack(references: Api, world: World) -> AsyncStack:
    assert references is not None
    return AsyncStack(world)


def test_an_accepted_export_is_refused_by_the_worker(async_stack: AsyncStack, references: Api) -> None:
    body = {**EXPORT_BODY, "onUndeclaredReference": "refuse"}
    accepted = references.export(body, headers={"Prefer": "respond-async"})
    assert accepted.status == 202

    assert async_stack.message_handler.handle(async_stack.receive(), 900) is None

    found = async_stack.get(accepted.json["packageId"])
    assert isinstance(found, PendingExport)
    assert pending_body(found)["errors"][0]["reference"] == "form-2"


def test_an_event_can_ask_for_a_refusal(async_stack: AsyncStack) -> None:
    message = export_requested({**EXPORT_BODY, "onUndeclaredReference": "refuse"})

    assert async_stack.message_handler.handle(async_stack.receive(message), 900) is None

    (failure,) = async_stack.stored_failures()
    assert [error["errorCode"] for error in json.loads(json.dumps(failure["errors"]))] == ["UndeclaredReference"]
