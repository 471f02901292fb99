"""Outcome events: stream records become CloudEvents that follow the documented schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from jsonschema import Draft202012Validator

from installhub.contract.event_models import EVENTS
from installhub.events.cloud_events import EventPublisher
from installhub.events.failure_store import ExportFailure
from installhub.events.outcome_events import outcome_event
from installhub.model.errors import ErrorCode, InstallHubError, Problem, ServiceUnavailableError
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.async_stack import AsyncStack, export_body, export_requested
from tests.template import resources_of

if TYPE_CHECKING:
    from tests.integration.support.world import World

DOCS = Path(__file__).parents[2] / "docs" / "events"
LEASE = 900


@pytest.fixture
def async_stack(world: World) -> AsyncStack:
    world.publish(artifact_input("proc", kind="ProcessDefinition"))
    return AsyncStack(world)


def images(async_stack: AsyncStack, table: str) -> list[dict[str, Any]]:
    """Return the items of a table as images of its stream."""
    items = async_stack.world.dynamodb.scan(TableName=async_stack.world.name(table))["Items"]
    records = [DynamoDBRecord({"dynamodb": {"NewImage": item}}) for item in items]
    return [record.dynamodb.new_image for record in records if record.dynamodb]


def deliver(async_stack: AsyncStack, *roots: str) -> None:
    message = async_stack.receive(export_requested(export_body("Suite", *roots), "event-1"))
    async_stack.message_handler.handle(message, LEASE)


def outcome(async_stack: AsyncStack, table: str) -> dict[str, Any]:
    """Return the event of the only outcome in a table, after validating it against its schema."""
    (image,) = images(async_stack, table)
    event = outcome_event(image, {}, "/installhub/test")
    assert event is not None
    file = (
        DOCS / f"{'package-exported' if event['type'] == 'PackageExported' else 'package-export-failed'}-1.schema.json"
    )
    Draft202012Validator(json.loads(file.read_text())).validate(event)
    EVENTS[event["dataschema"]].model_validate_json(json.dumps(event))
    return event


def test_a_package_is_published_as_an_event(async_stack: AsyncStack) -> None:
    deliver(async_stack)

    event = outcome(async_stack, "PackagesTable")

    assert (event["type"], event["specversion"], event["source"]) == ("PackageExported", "1.0", "/installhub/test")
    assert event["subject"] == event["data"]["packageId"]
    assert event["data"] | {"checksum": "", "packageId": "", "bundleDownloadUrl": "", "bundleBytes": 0} == {
        "tenantId": TENANT,
        "packageId": "",
        "packageName": "Suite",
        "version": "1.0.0",
        "packageType": "workflow-package",
        "checksum": "",
        "artifactCount": 1,
        "bundleBytes": 0,
        "bundleDownloadUrl": "",
        "exportedAt": "2026-05-28T20:26:40Z",
        "exportedBy": "event:com.example.hr",
        "requestId": "event:com.example.hr/event-1",
    }


def test_an_export_over_http_publishes_an_event_too(async_stack: AsyncStack) -> None:
    async_stack.export_service.submit(async_stack.submission(), 29)

    event = outcome(async_stack, "PackagesTable")

    assert event["data"]["exportedBy"] == "user-1"
    assert "requestId" not in event["data"]


def test_a_failure_is_published_with_the_errors_of_the_contract(async_stack: AsyncStack) -> None:
    deliver(async_stack, "proc", "gone")

    event = outcome(async_stack, "RequestsTable")

    assert event["type"] == "PackageExportFailed"
    assert event["data"]["errorCode"] == "ArtifactNotFound"
    assert event["data"]["errors"] == [
        {
            "errorCode": "ArtifactNotFound",
            "detail": "Artifact 'gone' does not exist in the tenant.",
            "artifactId": "gone",
        }
    ]
    assert event["data"]["packageName"] == "Suite"


def test_an_unreadable_request_is_published_with_its_id(async_stack: AsyncStack) -> None:
    async_stack.message_handler.handle(async_stack.receive(export_requested({}, "event-1")), LEASE)

    event = outcome(async_stack, "RequestsTable")

    assert event["subject"] == event["data"]["requestId"] == "event:com.example.hr/event-1"
    assert "tenantId" not in event["data"]


def test_the_same_outcome_has_the_same_event_id_and_another_has_another(async_stack: AsyncStack) -> None:
    deliver(async_stack)
    (image,) = images(async_stack, "PackagesTable")

    def event_id(**changes: str) -> str:
        event = outcome_event({**image, **changes}, {}, "/x")
        assert event is not None
        return str(event["id"])

    ids = [event_id() for _ in range(2)]

    assert ids[0] == ids[1]
    assert event_id(packageId="pkg-2") != ids[0]


def test_an_event_with_any_number_of_errors_fits(async_stack: AsyncStack) -> None:
    many = [f"{number:04}-{'長' * 200}" for number in range(700)]
    deliver(async_stack, *many)

    event = outcome(async_stack, "RequestsTable")

    assert len(json.dumps(event, ensure_ascii=False).encode()) < 256 * 1024
    assert event["data"]["errorCount"] == 700
    assert 50 < len(event["data"]["errors"]) < 700


def test_one_error_of_any_size_fits(async_stack: AsyncStack) -> None:
    cycle = tuple(str(number) for number in range(100_000))
    problem = Problem(ErrorCode.CIRCULAR_DEPENDENCY, " -> ".join(cycle), cycle=cycle)
    job_id = "event:x/1"
    async_stack.failures.record(
        ExportFailure(job_id, "event:x", "2026-05-28T20:26:40Z", InstallHubError([problem]), {}), 0
    )

    (error,) = outcome(async_stack, "RequestsTable")["data"]["errors"]
    assert error["errorCode"] == "CircularDependency"


class _Bus:
    def __init__(self, failed: int) -> None:
        self.failed = failed
        self.entries: list[dict[str, Any]] = []

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        self.entries += Entries
        return {"FailedEntryCount": self.failed, "Entries": []}


def test_an_event_that_the_bus_refuses_is_retried() -> None:
    event = {"type": "PackageExported", "time": "2026-05-25T09:00:00Z"}
    bus = _Bus(failed=1)

    with pytest.raises(ServiceUnavailableError):
        EventPublisher(lambda: bus, "bus").publish(event)  # type: ignore[arg-type, return-value]

    bus.failed = 0
    EventPublisher(lambda: bus, "bus").publish(event)  # type: ignore[arg-type, return-value]
    assert [(entry["Source"], entry["DetailType"]) for entry in bus.entries] == [("installhub", "PackageExported")] * 2


def test_only_commits_changed_lifecycles_and_failures_reach_the_function() -> None:
    function = resources_of("AWS::Serverless::Function")["AnnounceFunction"]
    patterns = {
        name: [json.loads(one["Pattern"])["dynamodb"] for one in event["Properties"]["FilterCriteria"]["Filters"]]
        for name, event in function["Events"].items()
    }

    exported = {"status": {"S": ["exported"]}}
    assert patterns == {
        "PackageExported": [
            {"NewImage": exported, "OldImage": {"status": {"S": [{"anything-but": ["exported"]}]}}},
            {"NewImage": {**exported, "lifecycleRevision": {"N": [{"exists": True}]}}},
        ],
        "ExportFailed": [{"NewImage": {"status": {"S": ["failed"]}}}],
    }
