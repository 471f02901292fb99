"""Exports by events, dropped documents, state machines and promises, on a deployed stack."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urljoin

import pytest
from jsonschema import Draft202012Validator

from installhub.errors import ErrorCode
from installhub.event_models import OUTCOMES
from local.state import PROJECT
from operations import redrive
from tests.system.client import OTHER_TENANT, TENANT, Api, artifact, export_body
from tests.system.test_refusals import problem

SOURCE = "com.example.hr"
PATIENCE = 90.0
QUIET = 8.0
MANY = 1_500

_T = TypeVar("_T")


@dataclass
class Bus:
    """The stack's event bus, with someone who listens to outcomes."""

    api: Api
    queue: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    def put(self, detail: Any, *, source: str = SOURCE, times: int = 1) -> list[str]:  # noqa: ANN401  # any JSON
        entry = {
            "EventBusName": self.api.stack.outputs["EventBus"],
            "Source": source,
            "DetailType": "ExportRequested",
            "Detail": json.dumps(detail),
        }
        answer = self.api.aws.events.put_events(Entries=[entry] * times)  # type: ignore[list-item]
        assert answer["FailedEntryCount"] == 0
        return [f"event:{source}/{entry['EventId']}" for entry in answer["Entries"]]

    def listen(self) -> None:
        sqs = self.api.aws.sqs
        for message in sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages", []
        ):
            event = json.loads(message["Body"])
            assert event["source"] == "installhub"
            assert event["detail-type"] == event["detail"]["type"]
            OUTCOMES[event["detail"]["dataschema"]].model_validate_json(json.dumps(event["detail"]))
            self.heard.append(event["detail"])
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])

    def outcome(self, name: str) -> dict[str, Any]:
        """The next outcome for a package of that name."""

        def first() -> dict[str, Any] | None:
            self.listen()
            return next((event for event in self.heard if event["data"].get("packageName") == name), None)

        event = eventually(first)
        self.heard.remove(event)
        return event

    def silence(self, name: str, seconds: float = QUIET) -> None:
        """For a while nothing is heard of a package of that name."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.listen()
            assert [event for event in self.heard if event["data"].get("packageName") == name] == []


def eventually(look: Callable[[], _T | None], patience: float = PATIENCE) -> _T:
    """What ``look`` gives as soon as it gives something."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if (found := look()) is not None:
            return found
        time.sleep(0.2)
    pytest.fail("it did not happen")


@pytest.fixture(scope="module")
def bus(api: Api) -> Iterator[Bus]:
    api.up(f"TrustedEventSources={SOURCE},com.example.ops")
    events, sqs, name = api.aws.events, api.aws.sqs, api.stack.outputs["EventBus"]
    queue = sqs.create_queue(QueueName="outcomes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="outcomes", EventBusName=name, EventPattern=json.dumps({"source": ["installhub"]}))
    events.put_targets(Rule="outcomes", EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield Bus(api, queue)
    events.remove_targets(Rule="outcomes", EventBusName=name, Ids=["queue"])
    events.delete_rule(Name="outcomes", EventBusName=name)


def packages_named(api: Api, name: str) -> list[dict[str, Any]]:
    table = api.stack.outputs["PackagesTable"]
    items = api.aws.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
    return [item for item in items if item.get("name", {}).get("S") == name]


def test_one_event_makes_one_package_and_one_announcement(api: Api, bus: Bus) -> None:
    (request_id,) = bus.put(export_body("One event"))

    announced = bus.outcome("One event")
    assert announced["type"] == "PackageExported"
    data = announced["data"]
    assert (data["requestId"], data["exportedBy"], data["tenantId"]) == (request_id, f"event:{SOURCE}", TENANT)
    package = api.get(data["packageId"]).json()
    assert (package["checksum"], package["artifactCount"]) == (data["checksum"], 5)
    assert len(api.download(data["packageId"]).content) == data["bundleBytes"]
    bus.silence("One event")


def test_the_same_event_ten_times_makes_one_package(api: Api, bus: Bus) -> None:
    event = json.dumps(
        {
            "id": str(uuid.uuid4()),
            "detail-type": "ExportRequested",
            "source": SOURCE,
            "detail": export_body("Ten times"),
        }
    )
    for _ in range(10):
        api.aws.sqs.send_message(QueueUrl=api.stack.outputs["ExportQueueUrl"], MessageBody=event)

    assert bus.outcome("Ten times")["type"] == "PackageExported"
    bus.silence("Ten times")
    assert len(packages_named(api, "Ten times")) == 1


def test_a_missing_artifact_is_announced_with_the_errors_of_the_contract(api: Api, bus: Bus) -> None:
    body = export_body("Missing", "app-5002", packageType="app-package")
    (request_id,) = bus.put(body)

    failed = bus.outcome("Missing")

    assert (failed["type"], failed["data"]["requestId"]) == ("PackageExportFailed", request_id)
    over_http = problem(api.export(body), ErrorCode.ARTIFACT_NOT_FOUND)
    assert failed["data"]["errors"] == over_http["errors"]
    assert failed["data"]["errorCount"] == 5
    schema = json.loads((PROJECT / "docs" / "events" / "package-export-failed-1.schema.json").read_text())
    Draft202012Validator(schema).validate(failed)


def test_an_unsound_request_is_announced_too(bus: Bus) -> None:
    (request_id,) = bus.put({"tenantId": TENANT})

    def heard() -> dict[str, Any] | None:
        bus.listen()
        return next((event for event in bus.heard if event["data"]["requestId"] == request_id), None)

    failed = eventually(heard)
    assert failed["data"]["errorCode"] == "InvalidRequest"
    assert {error["pointer"] for error in failed["data"]["errors"]} >= {"/packageName", "/version", "/artifactIds"}


def test_a_source_that_is_not_trusted_does_nothing(api: Api, bus: Bus) -> None:
    bus.put(export_body("Not trusted"), source="com.example.evil")
    bus.put(export_body("Not trusted"), source=f"{SOURCE}.evil")

    bus.silence("Not trusted")
    assert packages_named(api, "Not trusted") == []


def test_with_no_source_named_none_is_trusted(limited_api: Api) -> None:
    body = export_body("None trusted")
    for source in (SOURCE, "", "*"):
        entry = {
            "EventBusName": limited_api.stack.outputs["EventBus"],
            "Source": source,
            "DetailType": "ExportRequested",
            "Detail": json.dumps(body),
        }
        limited_api.aws.events.put_events(Entries=[entry])  # type: ignore[list-item]
    time.sleep(QUIET)
    assert packages_named(limited_api, "None trusted") == []


def test_an_export_over_http_is_announced_as_well(api: Api, bus: Bus) -> None:
    package = api.export(export_body("Over HTTP")).json()

    data = bus.outcome("Over HTTP")["data"]
    assert (data["packageId"], data["exportedBy"]) == (package["packageId"], "local-developer")


def test_poison_is_buried_with_its_reason_while_the_rest_is_done(api: Api, bus: Bus) -> None:
    outputs, sqs = api.stack.outputs, api.aws.sqs
    names = [f"Beside poison {number}" for number in range(4)]
    poison = json.dumps({"source": SOURCE, "detail-type": "Nonsense", "id": "1", "detail": {}})
    events = [
        json.dumps({"id": name, "detail-type": "ExportRequested", "source": SOURCE, "detail": export_body(name)})
        for name in names
    ]
    bodies = [*events[:2], poison, *events[2:]]
    sqs.send_message_batch(
        QueueUrl=outputs["ExportQueueUrl"],
        Entries=[{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)],
    )

    for name in names:
        assert bus.outcome(name)["type"] == "PackageExported"

    def buried() -> dict[str, Any] | None:
        messages = sqs.receive_message(
            QueueUrl=outputs["ExportDeadLetterQueueUrl"], MessageAttributeNames=["All"], WaitTimeSeconds=1
        ).get("Messages")
        return dict(messages[0]) if messages else None

    message = eventually(buried)
    assert message["Body"] == poison
    assert "Nonsense" in message["MessageAttributes"]["reason"]["StringValue"]
    sqs.delete_message(QueueUrl=outputs["ExportDeadLetterQueueUrl"], ReceiptHandle=message["ReceiptHandle"])


def test_the_documented_command_redrives_what_was_buried(
    api: Api, bus: Bus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INSTALLHUB_STATE", str(api.state.root))
    buried = {"id": "again", "detail-type": "ExportRequested", "source": SOURCE, "detail": export_body("Redriven")}
    api.aws.sqs.send_message(
        QueueUrl=api.stack.outputs["ExportDeadLetterQueueUrl"],
        MessageBody=json.dumps(buried),
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "the table was throttled"}},
    )

    assert redrive.main(["--dry-run"]) == 0
    assert capsys.readouterr().out == "Redriven 1.0.0: the table was throttled\n"
    bus.silence("Redriven", 2)

    assert redrive.main([]) == 0
    assert capsys.readouterr().out == "Redriven 1.0.0: the table was throttled\n"
    assert bus.outcome("Redriven")["type"] == "PackageExported"
    assert redrive.main(["--dry-run"]) == 0
    assert capsys.readouterr().out == ""


def test_a_dropped_document_is_answered_beside_itself(api: Api, bus: Bus) -> None:
    bucket, s3 = api.stack.outputs["InboxBucket"], api.aws.s3
    s3.put_object(Bucket=bucket, Key="requests/hr/drop.json", Body=json.dumps(export_body("Dropped")).encode())
    s3.put_object(Bucket=bucket, Key="requests/hr/bad.json", Body=b"{")
    s3.put_object(Bucket=bucket, Key="elsewhere/drop.json", Body=json.dumps(export_body("Elsewhere")).encode())

    def answer(key: str) -> dict[str, Any]:
        def look() -> Any:  # noqa: ANN401  # any JSON value
            try:
                return json.loads(s3.get_object(Bucket=bucket, Key=f"{key}.result")["Body"].read())
            except s3.exceptions.NoSuchKey:
                return None

        return dict(eventually(look))

    package = answer("requests/hr/drop.json")
    assert api.get(package["packageId"]).json() == package
    assert bus.outcome("Dropped")["data"]["exportedBy"] == f"s3:{bucket}/requests/hr/drop.json"
    assert answer("requests/hr/bad.json")["errorCode"] == "InvalidRequest"
    assert packages_named(api, "Elsewhere") == []


@pytest.fixture(scope="module")
def machine(api: Api) -> str:
    definition = (PROJECT / "docs" / "examples" / "export-state-machine.asl.json").read_text()
    function = api.stack.outputs["ExportWorkerFunction"]
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    invoke = {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws:lambda:*:*:function:{function}",
    }
    iam = api.aws.iam
    role = iam.create_role(RoleName="exports", AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="exports", PolicyName="own", PolicyDocument=_policy(invoke))
    created = api.aws.states.create_state_machine(
        name="export",
        definition=definition.replace("${ExportWorkerFunction}", function),
        roleArn=role,
    )
    return created["stateMachineArn"]


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def run(api: Api, machine: str, body: object) -> dict[str, Any]:
    states = api.aws.states
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps(body))["executionArn"]

    def ended() -> dict[str, Any] | None:
        described = states.describe_execution(executionArn=execution)
        return None if described["status"] == "RUNNING" else dict(described)

    described = eventually(ended)
    history = states.get_execution_history(executionArn=execution)["events"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    return {**described, "entered": entered}


def test_a_state_machine_exports(api: Api, machine: str) -> None:
    ended = run(api, machine, export_body("By machine"))

    assert (ended["status"], ended["entered"]) == ("SUCCEEDED", ["Export", "Exported"])
    package = json.loads(ended["output"])
    assert api.get(package["packageId"]).json() == package


def test_a_state_machine_catches_errors_by_the_name_of_their_code(api: Api, machine: str) -> None:
    circle = run(api, machine, export_body("Circle", "proc-1020"))
    conflict = run(api, machine, export_body("By machine"))

    assert (circle["status"], circle["entered"]) == ("FAILED", ["Export", "BreakTheCircle"])
    assert circle["error"] == "CircularDependency"
    assert circle["cause"] == "proc-1020 -> thread-2020 -> proc-1021 -> proc-1020"
    assert (conflict["status"], conflict["entered"]) == ("SUCCEEDED", ["Export", "ExportedAlready"])


@contextmanager
def worker_at_rest(api: Api) -> Iterator[None]:
    """The worker takes nothing from the queue."""
    functions, name = api.aws.functions, api.stack.outputs["ExportWorkerFunction"]
    (mapping,) = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    time.sleep(2)
    yield
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def status_of(api: Api, package_id: str, token: str | None = "") -> dict[str, Any]:
    answer = api.get(package_id, token=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_promise_is_told_of_on_the_way_and_kept(api: Api, bus: Bus) -> None:
    filler = "lorem ipsum dolor sit amet " * 400
    leaves = [f"async-{number:05}" for number in range(MANY - 1)]
    leaf_artifacts = [artifact(leaf, definition={"id": leaf, "text": filler}, type="RuleSet") for leaf in leaves]
    api.publish([*leaf_artifacts, artifact("async-root", *leaves)])
    token = api.token("tenant-of-tests")
    body = export_body("Promise", "async-root", tenantId="tenant-of-tests")

    with worker_at_rest(api):
        accepted = api.export(body, token=token, headers={"Prefer": "respond-async"})
        assert accepted.status_code == 202, accepted.text
        assert accepted.headers["Preference-Applied"] == "respond-async"
        assert int(accepted.headers["Retry-After"]) >= 1
        promise = accepted.json()
        location = urljoin(accepted.url, accepted.headers["Location"])
        assert location.endswith(promise["statusUrl"])
        assert promise["status"] == "queued"
        assert status_of(api, promise["packageId"], token) == promise
        problem(api.export(body, token=token), ErrorCode.VERSION_CONFLICT)
        problem(api.export(body, token=token, headers={"Prefer": "respond-async"}), ErrorCode.VERSION_CONFLICT)
        problem(api.download(promise["packageId"], token=token), ErrorCode.PACKAGE_NOT_FOUND)
        others = problem(api.get(promise["packageId"], token=api.token(OTHER_TENANT)), ErrorCode.PACKAGE_NOT_FOUND)
        nothing = problem(api.get(f"pkg-{uuid.uuid4()}", token=api.token(OTHER_TENANT)), ErrorCode.PACKAGE_NOT_FOUND)
        assert {**others, "instance": ""} == {**nothing, "instance": ""}

    seen = []

    def exported() -> dict[str, Any] | None:
        status = status_of(api, promise["packageId"], token)
        seen.append((status["status"], status["progress"]["done"], status["progress"]["total"]))
        return status if status["status"] == "exported" else None

    package = eventually(exported)
    assert package["artifactCount"] == MANY
    assert package["progress"] == {"done": MANY, "total": MANY}
    assert {status for status, _, _ in seen} <= {"queued", "exporting", "exported"}
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert bus.outcome("Promise")["data"]["packageId"] == promise["packageId"]


def test_a_promise_that_cannot_be_kept_says_why(api: Api, bus: Bus) -> None:
    body = export_body("Broken promise", "proc-1009")
    promise = api.export(body, headers={"Prefer": "respond-async"}).json()

    def failed() -> dict[str, Any] | None:
        status = status_of(api, promise["packageId"])
        return status if status["status"] == "failed" else None

    status = eventually(failed)
    assert (status["isSuccess"], status["errorCode"]) == (False, "ArtifactNotFound")
    assert status["errors"] == problem(api.export(body), ErrorCode.ARTIFACT_NOT_FOUND)["errors"]
    assert bus.outcome("Broken promise")["type"] == "PackageExportFailed"
    assert api.export(export_body("Broken promise")).status_code == 200, "the version is free"


def test_what_can_be_refused_at_once_is_refused_at_once(api: Api) -> None:
    prefer = {"Prefer": "respond-async"}
    problem(api.export(export_body("At once", version="1"), headers=prefer), ErrorCode.INVALID_VERSION)
    problem(api.export(export_body("At once", tenantId=OTHER_TENANT), headers=prefer), ErrorCode.TENANT_MISMATCH)
    assert api.export(export_body("At once")).status_code == 200
    problem(api.export(export_body("At once"), headers=prefer), ErrorCode.VERSION_CONFLICT)


def test_an_idempotency_key_gives_the_first_answer_again(api: Api) -> None:
    key = {"Idempotency-Key": f'"{uuid.uuid4()}"'}
    body = export_body("Idempotent")
    first, again = (api.export(body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content

    problem(api.export(export_body("Idempotent", version="2.0.0"), headers=key), ErrorCode.IDEMPOTENCY_KEY_REUSED)
    problem(api.export(body), ErrorCode.VERSION_CONFLICT)


def test_an_idempotency_key_gives_the_first_refusal_again(api: Api) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = export_body("Idempotent refusal", "app-5002", packageType="app-package")
    first, again = (problem(api.export(body, headers=key), ErrorCode.ARTIFACT_NOT_FOUND) for _ in range(2))
    assert {**first, "instance": ""} == {**again, "instance": ""}


def test_an_idempotency_key_holds_for_promises(api: Api) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Prefer": "respond-async"}
    first, again = (api.export(export_body("Idempotent promise"), headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert first.headers["Location"] == again.headers["Location"]
