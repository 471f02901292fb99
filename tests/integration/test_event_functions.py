"""The functions: HTTP headers and bodies, message batches, direct invocations and streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from installhub.contract.response_models import PackageResponse, PendingResponse
from installhub.events.worker import ExportWorker
from installhub.runtime import aws_clients
from tests.integration.support.api import EXPORT_BODY, Api
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.async_stack import AsyncStack, export_body, export_requested
from tests.integration.support.functions import Functions, sample_event
from tests.integration.support.world import World, samples

if TYPE_CHECKING:
    from tests.integration.support.api import ApiResponse


@pytest.fixture
def async_stack(world: World) -> AsyncStack:
    world.publish(*samples(TENANT), artifact_input("root", kind="ProcessDefinition"))
    return AsyncStack(world)


@pytest.fixture
def functions(async_stack: AsyncStack) -> Functions:
    return Functions(async_stack.world.deployment)


@pytest.fixture
def api(functions: Functions) -> Api:
    return Api(functions)


def queue_record(text: str, number: int = 1, attempt: int = 1) -> dict[str, Any]:
    (record,) = sample_event("export_worker")["Records"]
    attributes = {**record["attributes"], "ApproximateReceiveCount": str(attempt)}
    return {**record, "messageId": f"message-{number}", "body": text, "attributes": attributes}


def pending(response: ApiResponse) -> PendingResponse:
    assert response.headers["Content-Type"] == "application/json"
    return PendingResponse.model_validate_json(response.body)


def process_queue(functions: Functions, async_stack: AsyncStack) -> Any:  # noqa: ANN401  # any JSON value
    """Process the queued messages with the worker."""
    received = async_stack.sqs.receive_message(QueueUrl=async_stack.queue_url, MaxNumberOfMessages=10)["Messages"]
    records = [{**queue_record(item["Body"]), "receiptHandle": item["ReceiptHandle"]} for item in received]
    return functions.invoke("export_worker", {"Records": records})


def test_an_async_export_over_http(api: Api) -> None:
    accepted = api.export(EXPORT_BODY, headers={"Prefer": "respond-async"})

    assert accepted.status == 202
    pending_export = pending(accepted)
    assert pending_export.status == "queued"
    assert accepted.headers["Location"] == pending_export.package_id
    assert accepted.headers["Preference-Applied"] == "respond-async"
    assert int(accepted.headers["Retry-After"]) > 0
    assert accepted.headers["Cache-Control"] == "no-store"

    found = api.get_package(pending_export.package_id)
    assert (found.status, found.body) == (200, accepted.body)
    assert int(found.headers["Retry-After"]) > 0
    assert api.download(pending_export.package_id).error_code == "PackageNotFound"
    assert api.export(EXPORT_BODY).error_code == "VersionConflict"


def test_an_invalid_request_is_refused_immediately(api: Api, async_stack: AsyncStack) -> None:
    assert (
        api.export({**EXPORT_BODY, "version": "x"}, headers={"Prefer": "respond-async"}).error_code == "InvalidVersion"
    )
    assert (
        api.export({**EXPORT_BODY, "tenantId": OTHER_TENANT}, headers={"Prefer": "respond-async"}).error_code
        == "TenantMismatch"
    )
    assert api.export(EXPORT_BODY).status == 200
    assert api.export(EXPORT_BODY, headers={"Prefer": "respond-async"}).error_code == "VersionConflict"
    assert "Messages" not in async_stack.sqs.receive_message(QueueUrl=async_stack.queue_url)


@pytest.mark.parametrize("prefer", ["wait=10", "respond-sync", "x-respond-async", 'foo="a"', ""])
def test_other_preferences_are_ignored(api: Api, prefer: str) -> None:
    assert api.export(EXPORT_BODY, headers={"Prefer": prefer}).status == 200


@pytest.mark.parametrize("prefer", ["Respond-Async", "wait=5, respond-async", "respond-async; x=1, wait=1"])
def test_the_preference_may_be_one_of_several(api: Api, prefer: str) -> None:
    assert api.export(EXPORT_BODY, headers={"Prefer": prefer}).status == 202


def test_the_first_response_is_repeated_byte_by_byte(api: Api) -> None:
    key = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'
    first = api.export(EXPORT_BODY, headers={"Idempotency-Key": key})
    again = api.export(EXPORT_BODY, headers={"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"})

    assert (first.status, again.status) == (200, 200)
    assert PackageResponse.model_validate_json(first.body) == PackageResponse.model_validate_json(again.body)
    assert first.body == again.body

    refused = api.export({**EXPORT_BODY, "version": "3.0.0"}, headers={"Idempotency-Key": key})
    assert (refused.status, refused.error_code) == (422, "IdempotencyKeyReused")


@pytest.mark.parametrize("key", ["", '""', "a b", '"a', 'a"b', "é", "x" * 256, '"a\tb"', '"a", "b"'])
def test_an_invalid_key_is_refused(api: Api, key: str) -> None:
    refused = api.export(EXPORT_BODY, headers={"Idempotency-Key": key})

    assert (refused.status, refused.error_code) == (400, "InvalidRequest")


def test_the_rest_of_a_batch_is_processed_whatever_one_message_is(
    functions: Functions, async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.integration.support.functions.FakeContext.get_remaining_time_in_millis", lambda _: 900_000
    )
    texts = ["poison", *(export_requested(export_body(f"Suite {number}", "root")) for number in range(3)), "[]"]
    for text in texts:
        async_stack.sqs.send_message(QueueUrl=async_stack.queue_url, MessageBody=text)

    assert process_queue(functions, async_stack) == {"batchItemFailures": []}

    assert sorted(async_stack.world.package_statuses().values()) == ["exported"] * 3
    assert sorted(text for text, _ in async_stack.dead_letters()) == ["[]", "poison"]


def test_only_failed_messages_are_delivered_again(
    functions: Functions, async_stack: AsyncStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.integration.support.functions.FakeContext.get_remaining_time_in_millis", lambda _: 900_000
    )
    monkeypatch.setattr("installhub.events.worker.ExportWorker.run", _fail_second_run())
    for number in range(3):
        async_stack.sqs.send_message(
            QueueUrl=async_stack.queue_url, MessageBody=export_requested(export_body(f"Suite {number}", "root"))
        )
    received = async_stack.sqs.receive_message(QueueUrl=async_stack.queue_url, MaxNumberOfMessages=10)["Messages"]
    records = [
        {**queue_record(item["Body"], number), "receiptHandle": item["ReceiptHandle"]}
        for number, item in enumerate(received)
    ]

    response = functions.invoke("export_worker", {"Records": records})

    assert response == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert len(async_stack.world.package_statuses()) == 2


def _fail_second_run() -> Any:  # noqa: ANN401  # a method
    run = ExportWorker.run
    calls = 0

    def run_or_fail(*arguments: Any) -> Any:  # noqa: ANN401  # run's arguments
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ZeroDivisionError
        return run(*arguments)

    return run_or_fail


def test_a_direct_invocation_returns_the_http_response(functions: Functions, api: Api) -> None:
    result = functions.invoke("export_worker", {**EXPORT_BODY})

    assert PackageResponse.model_validate(result).manifest.install_order[-1] == "proc-1001"
    assert api.get_package(result["packageId"]).json == result


def test_a_direct_invocation_that_names_its_request_may_be_repeated(functions: Functions) -> None:
    payload = sample_event("export_worker-direct")

    assert functions.invoke("export_worker", payload) == functions.invoke("export_worker", payload)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"artifactIds": ["proc-1020"]}, "CircularDependency"),
        ({"artifactIds": ["proc-1009"]}, "ArtifactNotFound"),
        ({"version": "x"}, "InvalidVersion"),
        ({"unknown": 1}, "InvalidRequest"),
        ({"tenantId": None}, "InvalidRequest"),
        ({"requestId": 1}, "InvalidRequest"),
    ],
)
def test_a_direct_invocation_fails_with_an_error_named_after_the_code(
    functions: Functions, changes: dict[str, Any], name: str
) -> None:
    with pytest.raises(Exception, match="urn:installhub:error") as raised:
        functions.invoke("export_worker", {**EXPORT_BODY, **changes})

    assert type(raised.value).__name__ == name
    problem = json.loads(str(raised.value))
    assert (problem["errorCode"], problem["isSuccess"]) == (name, False)
    assert problem["errors"]


def test_a_bug_has_an_error_name_too_and_discloses_nothing(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("installhub.exports.exporter.Exporter.export", fail)
    with pytest.raises(Exception, match="InternalError") as raised:
        functions.invoke("export_worker", {**EXPORT_BODY})

    assert type(raised.value).__name__ == "InternalError"
    assert "secret" not in str(raised.value)


def test_a_large_result_comes_without_its_manifest(functions: Functions, async_stack: AsyncStack) -> None:
    leaves = [f"{number:04}-{'x' * 100}" for number in range(700)]
    async_stack.world.publish(*map(artifact_input, leaves), artifact_input("wide", *leaves, kind="ProcessDefinition"))

    result = functions.invoke("export_worker", {**EXPORT_BODY, "artifactIds": ["wide"]})

    assert "manifest" not in result
    assert result["artifactCount"] == 701


@pytest.mark.parametrize("sample", ["announce", "announce-lifecycle", "announce-failed"])
def test_a_stream_record_becomes_an_event_on_the_bus(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, sample: str
) -> None:
    entries: list[dict[str, Any]] = []

    class _Bus:
        def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's name
            entries.extend(Entries)
            return {"FailedEntryCount": 0}

    monkeypatch.setattr(aws_clients, "eventbridge", _Bus)

    assert functions.invoke("announce", sample_event(sample)) == {"batchItemFailures": []}

    (entry,) = entries
    assert entry["EventBusName"] == "installhub"
    assert json.loads(entry["Detail"])["source"] == "/installhub/installhub"


def test_the_sweep_returns_what_expired(functions: Functions) -> None:
    assert functions.invoke("sweep", {}) == {"claimsRemoved": 0, "requestsExpired": 0}
