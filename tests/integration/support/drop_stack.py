"""The file drop in memory: the stack's queues, table and buckets, and the worker under test."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from installhub.events.drop_files import DropFiles
from installhub.events.drop_progress import DropProgress
from installhub.events.drop_worker import DropWorker
from installhub.events.message_handler import MessageHandler
from installhub.runtime import aws_clients
from installhub.runtime.message_queue import MessageQueue
from installhub.runtime.queue_messages import InboxObject
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.async_stack import MAX_ATTEMPTS, Clock, inbox_notification

if TYPE_CHECKING:
    from tests.integration.support.world import World

KEY: Final = "artifacts/hr/suite.ndjson"
INVOCATION_SECONDS: Final = 900


def line(artifact_id: str, *dependencies: str, tenant: str = TENANT, **fields: Any) -> bytes:  # noqa: ANN401
    """Return a valid line with ``fields`` applied."""
    document = {
        "tenantId": tenant,
        "artifactId": artifact_id,
        "type": "RuleSet",
        "name": "Made up",
        "status": "published",
        "dependencies": list(dependencies),
        "definition": {"of": artifact_id},
        **fields,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def content_of(lines: Iterable[bytes]) -> bytes:
    return b"".join(one + b"\n" for one in lines)


@dataclass(frozen=True)
class RecordingQueue(MessageQueue):
    """Records the earlier tries and the delays of messages that are sent again."""

    sent: list[tuple[int, int]] = field(default_factory=list)

    def send(self, message: str, *, tries: int = 0, delay_seconds: int = 0) -> None:
        super().send(message, tries=tries, delay_seconds=delay_seconds)
        self.sent.append((tries, delay_seconds))


@dataclass
class DropStack:
    """A stack with the components of the file drop."""

    world: World
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.world = self.world.at(self.clock)
        self.bucket = self.world.name("InboxBucket")
        self.queue_url = self.world.name("DropQueue")
        self.dead_letter_queue_url = self.world.name("DropDeadLetterQueue")
        self.queue = RecordingQueue(aws_clients.sqs, self.queue_url, self.dead_letter_queue_url)

    @property
    def worker(self) -> DropWorker:
        return DropWorker(self.world.publisher(), DropFiles(lambda: self.world.s3, self.bucket), self.clock)

    @property
    def message_handler(self) -> MessageHandler[InboxObject, DropProgress]:
        return MessageHandler(self.worker, self.queue, MAX_ATTEMPTS)

    @property
    def sent_again(self) -> list[tuple[int, int]]:
        """The earlier tries and the delay of each message that the worker sent to its own queue."""
        return self.queue.sent

    def drop(self, content: bytes, key: str = KEY) -> str:
        """Put a file into the inbox, and return its notification."""
        if key.endswith(".gz"):
            content = gzip.compress(content)
        return self.put(content, key)

    def put(self, content: bytes, key: str = KEY) -> str:
        """Put bytes into the inbox, and return their notification."""
        version = self.world.s3.put_object(Bucket=self.bucket, Key=key, Body=content)["VersionId"]
        return inbox_notification(self.bucket, key, version)

    def receive(self, message: str, *, attempt: int = 1, earlier_tries: int = 0) -> SQSRecord:
        """Send a message, and receive it."""
        sqs = aws_clients.sqs()
        for earlier in sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=earlier["ReceiptHandle"])
        sqs.send_message(QueueUrl=self.queue_url, MessageBody=message)
        (received,) = sqs.receive_message(QueueUrl=self.queue_url, VisibilityTimeout=0)["Messages"]
        return SQSRecord(
            {
                "messageId": received["MessageId"],
                "receiptHandle": received["ReceiptHandle"],
                "body": message,
                "attributes": {"ApproximateReceiveCount": str(attempt)},
                "messageAttributes": {"tries": {"stringValue": str(earlier_tries), "dataType": "Number"}},
                "eventSource": "aws:sqs",
            }
        )

    def deliver(
        self, message: str, *, attempt: int = 1, earlier_tries: int = 0, seconds_left: float = INVOCATION_SECONDS
    ) -> DropProgress | None:
        """Deliver a message to a new process."""
        return self.message_handler.handle(
            self.receive(message, attempt=attempt, earlier_tries=earlier_tries), seconds_left
        )

    def publish(self, content: bytes, key: str = KEY) -> Any:  # noqa: ANN401  # any JSON value
        """Drop a file, deliver its message, and return its result."""
        self.deliver(self.drop(content, key))
        return self.result(key)

    def result(self, key: str = KEY) -> Any:  # noqa: ANN401  # any JSON value
        return json.loads(self.world.s3.get_object(Bucket=self.bucket, Key=f"{key}.result")["Body"].read())

    def dead_letters(self) -> list[tuple[str, str]]:
        """Return the bodies and reasons of the messages in the dead-letter queue."""
        messages = (
            aws_clients.sqs()
            .receive_message(
                QueueUrl=self.dead_letter_queue_url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=0,
                MessageAttributeNames=["All"],
            )
            .get("Messages", [])
        )
        return [(message["Body"], message["MessageAttributes"]["reason"]["StringValue"]) for message in messages]

    def artifacts(self, tenant: str = TENANT) -> dict[str, str]:
        """Return the SHA-256 of every artifact of a tenant, by id."""
        nodes = self.world.artifacts().for_tenant(tenant).all_nodes()
        return {node.id: node.sha256 for node in nodes}
