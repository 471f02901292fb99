"""Asynchronous exports in memory: the stack's queues, tables and buckets, and the objects under test."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from installhub.contract.request_documents import build_export_command, build_export_document
from installhub.contract.request_models import ExportRequest, parse_request
from installhub.contract.response_bodies import pending_body
from installhub.events.expiry import ExpiredRequests
from installhub.events.failure_store import FailureStore
from installhub.events.inbox import Inbox
from installhub.events.message_handler import MessageHandler
from installhub.events.worker import ExportWorker
from installhub.exports.async_exports import AsyncExports
from installhub.exports.commands import ExportedPackage
from installhub.exports.idempotency_store import IdempotencyStore
from installhub.exports.messages import ExportJob
from installhub.exports.submission import ExportService, ExportSubmission
from installhub.packages.pending_exports import PendingExport, PendingExportStore
from installhub.packages.records import PackageRecord
from installhub.resolver.plan import Limits
from installhub.runtime import aws_clients
from installhub.runtime.message_queue import MessageQueue
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.world import World

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_sqs import SQSClient

NOW: Final = 1_780_000_000
MAX_ATTEMPTS: Final = 4
SOURCE: Final = "com.example.hr"


def export_body(name: str = "Suite", *roots: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # fields of any type
    """Return a valid body of POST /export with ``fields`` applied."""
    return {
        "tenantId": TENANT,
        "packageName": name,
        "packageType": "workflow-package",
        "version": "1.0.0",
        "artifactIds": list(roots or ("proc",)),
        **fields,
    }


def export_requested(detail: Any, event_id: str = "", source: str = SOURCE) -> str:  # noqa: ANN401  # any JSON
    """Return the message that EventBridge queues for an export request."""
    return json.dumps(
        {
            "version": "0",
            "id": event_id or str(uuid.uuid4()),
            "detail-type": "ExportRequested",
            "source": source,
            "detail": detail,
        }
    )


class Clock:
    """A clock that advances by ``tick`` at every call; it is stopped by default."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.tick = 0.0

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


class Killed(BaseException):
    """Simulates the death of the process."""


@contextmanager
def killed(client: BaseClient, operation: str, *, after: bool = True, nth: int = 1) -> Iterator[None]:
    """Kill the process at the ``nth`` call of ``operation``; all later calls fail."""
    calls = 0
    is_killed = False

    def kill_at_call(model: Any, **_: object) -> None:  # noqa: ANN401  # botocore's model
        nonlocal calls, is_killed
        if model.name == operation:
            calls += 1
        is_killed = is_killed or (model.name == operation and calls == nth)
        if is_killed:
            raise Killed

    def kill_later_calls(**_: object) -> None:
        if is_killed:
            raise Killed

    events = client.meta.events
    event = "after-call" if after else "before-call"
    events.register_first(event, kill_at_call)
    events.register_first("before-call", kill_later_calls)
    try:
        yield
    finally:
        events.unregister(event, kill_at_call)
        events.unregister("before-call", kill_later_calls)


@dataclass
class AsyncStack:
    """A stack with the components of asynchronous exports."""

    world: World
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.sqs: SQSClient = aws_clients.sqs()
        self.queue_url = self.world.name("ExportQueue")
        self.dead_letter_queue_url = self.world.name("ExportDeadLetterQueue")
        self.world = self.world.at(self.clock)

    @property
    def queue(self) -> MessageQueue:
        return MessageQueue(lambda: self.sqs, self.queue_url, self.dead_letter_queue_url)

    @property
    def pending(self) -> PendingExportStore:
        return PendingExportStore(self.world.dynamodb, self.world.name("PackagesTable"))

    @property
    def failures(self) -> FailureStore:
        return FailureStore(self.world.dynamodb, self.world.name("RequestsTable"))

    @property
    def idempotency(self) -> IdempotencyStore:
        return IdempotencyStore(self.world.dynamodb, self.world.name("RequestsTable"), self.clock)

    @property
    def inbox(self) -> Inbox:
        return Inbox(lambda: self.world.s3, self.world.name("InboxBucket"))

    @property
    def worker(self) -> ExportWorker:
        return ExportWorker(self.world.exporter(), self.pending, self.failures, self.inbox, self.clock)

    @property
    def message_handler(self) -> MessageHandler[ExportJob, ExportedPackage]:
        return MessageHandler(self.worker, self.queue, MAX_ATTEMPTS)

    @property
    def async_exports(self) -> AsyncExports:
        world = self.world
        return AsyncExports(world.packages(), self.pending, world.bundles(), self.queue, Limits(), self.clock)

    @property
    def expired_requests(self) -> ExpiredRequests:
        return ExpiredRequests(self.pending, self.failures, self.clock)

    @property
    def export_service(self) -> ExportService:
        world = self.world
        return ExportService(
            world.exporter,
            lambda: self.async_exports,
            lambda: self.idempotency,
            world.packages,
            world.bundles,
            pending_body,
        )

    def submission(
        self,
        *,
        key: str | None = None,
        respond_async: bool = False,
        by: str = "user-1",
        expected_plans: tuple[str, ...] | None = None,
        **fields: Any,  # noqa: ANN401
    ) -> ExportSubmission:
        request = parse_request(ExportRequest, json.dumps(export_body(**fields)).encode())
        command = replace(build_export_command(request, TENANT, by), expected_plans=expected_plans)
        return ExportSubmission(command, build_export_document(request, TENANT), key, respond_async)

    def accept(self, **fields: Any) -> PendingExport:  # noqa: ANN401  # fields of any type
        """Accept an asynchronous export, as over HTTP, and queue its message."""
        submission = self.submission(**fields)
        document = json.dumps(submission.document).encode()
        return self.async_exports.accept(submission.command, f"http:{uuid.uuid4()}", document, 29)

    def receive(self, text: str = "", *, attempt: int = 1, earlier_tries: int = 0) -> SQSRecord:
        """Receive the next message from the queue, after sending ``text`` if given.

        ``earlier_tries`` is how often it was tried before it was sent again.
        """
        if text:
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=text)
        (received,) = self.sqs.receive_message(QueueUrl=self.queue_url, VisibilityTimeout=0)["Messages"]
        return SQSRecord(
            {
                "messageId": received["MessageId"],
                "receiptHandle": received["ReceiptHandle"],
                "body": received["Body"],
                "attributes": {"ApproximateReceiveCount": str(attempt)},
                "messageAttributes": {"tries": {"stringValue": str(earlier_tries), "dataType": "Number"}},
                "eventSource": "aws:sqs",
            }
        )

    def dead_letters(self) -> list[tuple[str, str]]:
        """Return the bodies and reasons of the messages in the dead-letter queue."""
        messages = self.sqs.receive_message(
            QueueUrl=self.dead_letter_queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        return [(message["Body"], message["MessageAttributes"]["reason"]["StringValue"]) for message in messages]

    def stored_failures(self) -> list[dict[str, Any]]:
        """Return the failed requests in the requests table."""
        items = self.world.dynamodb.scan(TableName=self.world.name("RequestsTable"))["Items"]
        return [
            {
                **{name: next(iter(value.values())) for name, value in item.items()},
                "errors": json.loads(item["errors"]["S"]),
            }
            for item in items
            if item["status"]["S"] == "failed"
        ]

    def get(self, package_id: str) -> PackageRecord | PendingExport | None:
        return self.pending.get(package_id, int(self.clock()))

    def upload_document(self, key: str, content: bytes) -> str:
        """Upload a document to the inbox and return its notification."""
        bucket = self.world.name("InboxBucket")
        version = self.world.s3.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]
        return inbox_notification(bucket, key, version)

    def read_result(self, key: str) -> Any:  # noqa: ANN401  # any JSON value
        """Return the result that was written next to a document in the inbox."""
        bucket = self.world.name("InboxBucket")
        return json.loads(self.world.s3.get_object(Bucket=bucket, Key=f"{key}.result")["Body"].read())


def inbox_notification(bucket: str, key: str, version: str | None) -> str:
    """Return an S3 notification in EventBridge format."""
    s3_object = {"key": key, "size": 1, "etag": "e", "sequencer": "1"}
    if version:
        s3_object["version-id"] = version
    detail = {"bucket": {"name": bucket}, "object": s3_object}
    return json.dumps({"id": "1", "source": "aws.s3", "detail-type": "Object Created", "detail": detail})
