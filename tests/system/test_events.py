"""Exports requested by events and by inbox documents, on a deployed stack."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from installhub.model.errors import ErrorCode
from local.state import PROJECT
from operations import redrive
from tests.system.bus import QUIET_SECONDS, SOURCE, Bus, wait_for
from tests.system.client import TENANT, Api, export_body
from tests.system.test_error_responses import assert_problem

if TYPE_CHECKING:
    import pytest


def packages_named(api: Api, name: str) -> list[dict[str, Any]]:
    table = api.stack.outputs["PackagesTable"]
    items = api.aws.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
    return [item for item in items if item.get("name", {}).get("S") == name]


def event_message(event_id: str, detail: object, kind: str = "ExportRequested") -> str:
    """Return the queue message that the event bus creates for an event."""
    return json.dumps({"id": event_id, "detail-type": kind, "source": SOURCE, "detail": detail})


def test_one_event_creates_one_package_and_one_outcome_event(api: Api, bus: Bus) -> None:
    request_id = bus.put(export_body("One event"))

    outcome_event = bus.wait_for_outcome("One event")
    assert outcome_event["type"] == "PackageExported"
    data = outcome_event["data"]
    assert (data["requestId"], data["exportedBy"], data["tenantId"]) == (request_id, f"event:{SOURCE}", TENANT)
    package = api.get(data["packageId"]).json()
    assert (package["checksum"], package["artifactCount"]) == (data["checksum"], 5)
    assert len(api.download(data["packageId"]).content) == data["bundleBytes"]
    bus.assert_no_outcome("One event")


def test_the_same_event_ten_times_creates_one_package(api: Api, bus: Bus) -> None:
    event = event_message(str(uuid.uuid4()), export_body("Ten times"))
    for _ in range(10):
        api.aws.sqs.send_message(QueueUrl=api.stack.outputs["ExportQueueUrl"], MessageBody=event)

    assert bus.wait_for_outcome("Ten times")["type"] == "PackageExported"
    bus.assert_no_outcome("Ten times")
    assert len(packages_named(api, "Ten times")) == 1


def test_a_missing_artifact_is_published_with_the_errors_of_the_contract(api: Api, bus: Bus) -> None:
    body = export_body("Missing", "app-5002", packageType="app-package")
    request_id = bus.put(body)

    failed = bus.wait_for_outcome("Missing")

    assert (failed["type"], failed["data"]["requestId"]) == ("PackageExportFailed", request_id)
    over_http = assert_problem(api.export(body), ErrorCode.ARTIFACT_NOT_FOUND)
    assert failed["data"]["errors"] == over_http["errors"]
    assert failed["data"]["errorCount"] == 5
    schema = json.loads((PROJECT / "docs" / "events" / "package-export-failed-1.schema.json").read_text())
    Draft202012Validator(schema).validate(failed)


def test_an_invalid_request_is_published_as_failed(bus: Bus) -> None:
    request_id = bus.put({"tenantId": TENANT})

    def find_outcome() -> dict[str, Any] | None:
        bus.receive()
        return next((event for event in bus.received if event["data"]["requestId"] == request_id), None)

    failed = wait_for(find_outcome)
    assert failed["data"]["errorCode"] == "InvalidRequest"
    assert {error["pointer"] for error in failed["data"]["errors"]} >= {"/packageName", "/version", "/artifactIds"}


def test_a_source_that_is_not_trusted_does_nothing(api: Api, bus: Bus) -> None:
    bus.put(export_body("Not trusted"), source="com.example.evil")
    bus.put(export_body("Not trusted"), source=f"{SOURCE}.evil")

    bus.assert_no_outcome("Not trusted")
    assert packages_named(api, "Not trusted") == []


def test_by_default_no_source_is_trusted(limited_api: Api) -> None:
    body = export_body("None trusted")
    for source in (SOURCE, "", "*"):
        entry = {
            "EventBusName": limited_api.stack.outputs["EventBus"],
            "Source": source,
            "DetailType": "ExportRequested",
            "Detail": json.dumps(body),
        }
        limited_api.aws.events.put_events(Entries=[entry])  # type: ignore[list-item]
    time.sleep(QUIET_SECONDS)
    assert packages_named(limited_api, "None trusted") == []


def test_an_export_over_http_publishes_an_event_as_well(api: Api, bus: Bus) -> None:
    package = api.export(export_body("Over HTTP")).json()

    data = bus.wait_for_outcome("Over HTTP")["data"]
    assert (data["packageId"], data["exportedBy"]) == (package["packageId"], "local-developer")


def test_a_poison_message_is_dead_lettered_while_the_rest_is_processed(api: Api, bus: Bus) -> None:
    outputs, sqs = api.stack.outputs, api.aws.sqs
    names = [f"Beside poison {number}" for number in range(4)]
    poison = event_message("1", {}, kind="Nonsense")
    events = [event_message(name, export_body(name)) for name in names]
    bodies = [*events[:2], poison, *events[2:]]
    sqs.send_message_batch(
        QueueUrl=outputs["ExportQueueUrl"],
        Entries=[{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)],
    )

    for name in names:
        assert bus.wait_for_outcome(name)["type"] == "PackageExported"

    def dead_letter() -> dict[str, Any] | None:
        messages = sqs.receive_message(
            QueueUrl=outputs["ExportDeadLetterQueueUrl"], MessageAttributeNames=["All"], WaitTimeSeconds=1
        ).get("Messages")
        return dict(messages[0]) if messages else None

    message = wait_for(dead_letter)
    assert message["Body"] == poison
    assert "Nonsense" in message["MessageAttributes"]["reason"]["StringValue"]
    sqs.delete_message(QueueUrl=outputs["ExportDeadLetterQueueUrl"], ReceiptHandle=message["ReceiptHandle"])


def test_the_documented_command_redrives_dead_letters(
    api: Api, bus: Bus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INSTALLHUB_STATE", str(api.state.root))
    api.aws.sqs.send_message(
        QueueUrl=api.stack.outputs["ExportDeadLetterQueueUrl"],
        MessageBody=event_message("again", export_body("Redriven")),
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "the table was throttled"}},
    )

    assert redrive.main(["--dry-run"]) == 0
    assert capsys.readouterr().out == "Redriven 1.0.0: the table was throttled\n"
    bus.assert_no_outcome("Redriven", 2)

    assert redrive.main([]) == 0
    assert capsys.readouterr().out == "Redriven 1.0.0: the table was throttled\n"
    assert bus.wait_for_outcome("Redriven")["type"] == "PackageExported"
    assert redrive.main(["--dry-run"]) == 0
    assert capsys.readouterr().out == ""


def test_a_result_is_written_beside_an_inbox_document(api: Api, bus: Bus) -> None:
    bucket, s3 = api.stack.outputs["InboxBucket"], api.aws.s3
    s3.put_object(Bucket=bucket, Key="requests/hr/drop.json", Body=json.dumps(export_body("Dropped")).encode())
    s3.put_object(Bucket=bucket, Key="requests/hr/bad.json", Body=b"{")
    s3.put_object(Bucket=bucket, Key="elsewhere/drop.json", Body=json.dumps(export_body("Elsewhere")).encode())

    def result_of(key: str) -> dict[str, Any]:
        def find() -> Any:  # noqa: ANN401  # any JSON value
            try:
                return json.loads(s3.get_object(Bucket=bucket, Key=f"{key}.result")["Body"].read())
            except s3.exceptions.NoSuchKey:
                return None

        return dict(wait_for(find))

    package = result_of("requests/hr/drop.json")
    assert api.get(package["packageId"]).json() == package
    assert bus.wait_for_outcome("Dropped")["data"]["exportedBy"] == f"s3:{bucket}/requests/hr/drop.json"
    assert result_of("requests/hr/bad.json")["errorCode"] == "InvalidRequest"
    assert packages_named(api, "Elsewhere") == []
