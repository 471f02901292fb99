"""The requests that the export queue sends to SQS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from installhub.model.errors import ErrorCode, InstallHubError, ServiceUnavailableError
from installhub.runtime.message_queue import MAX_DELAY_SECONDS, MAX_MESSAGE_BYTES, MessageQueue

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class RecordingSqs:
    """Records requests, or fails."""

    error: Exception | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    def send_message(self, **request: Any) -> None:  # noqa: ANN401
        if self.error is not None:
            raise self.error
        self.requests.append(request)

    change_message_visibility = send_message


def queue_with(sqs: RecordingSqs) -> MessageQueue:
    return MessageQueue(lambda: cast("Any", sqs), "https://queue", "https://dead-letters")


def test_the_limits_are_those_of_sqs() -> None:
    assert MAX_DELAY_SECONDS == 900
    assert MAX_MESSAGE_BYTES == 1_000_000


def test_a_new_message_is_delivered_at_once_and_was_not_tried() -> None:
    sqs = RecordingSqs()
    queue_with(sqs).send("message")

    assert sqs.requests == [
        {
            "QueueUrl": "https://queue",
            "MessageBody": "message",
            "DelaySeconds": 0,
            "MessageAttributes": {"tries": {"DataType": "Number", "StringValue": "0"}},
        }
    ]


@pytest.mark.parametrize(("wanted", "delay"), [(-1, 0), (1, 1), (900, 900), (901, 900)])
def test_a_delay_is_limited_to_what_sqs_accepts(wanted: int, delay: int) -> None:
    sqs = RecordingSqs()
    queue_with(sqs).send("message", tries=2, delay_seconds=wanted)

    assert sqs.requests[0]["DelaySeconds"] == delay
    assert sqs.requests[0]["MessageAttributes"]["tries"]["StringValue"] == "2"


@pytest.mark.parametrize("message", ["x" * MAX_MESSAGE_BYTES, "é" * (MAX_MESSAGE_BYTES // 2)])
def test_a_message_of_the_maximum_size_in_bytes_is_sent(message: str) -> None:
    sqs = RecordingSqs()
    queue_with(sqs).send(message)

    assert sqs.requests[0]["MessageBody"] == message


def test_a_larger_message_is_refused_with_its_size() -> None:
    sqs = RecordingSqs()
    with pytest.raises(InstallHubError, match="RequestTooLarge") as refusal:
        queue_with(sqs).send("x" * MAX_MESSAGE_BYTES + "x")

    assert refusal.value.code is ErrorCode.REQUEST_TOO_LARGE
    assert "1000001" in refusal.value.problems[0].detail
    assert sqs.requests == []


@pytest.mark.parametrize(("wanted", "timeout"), [(-1, 0), (0, 0), (30, 30), (43_200, 43_200), (43_201, 43_200)])
def test_a_visibility_timeout_is_limited_to_what_sqs_accepts(wanted: int, timeout: int) -> None:
    sqs = RecordingSqs()
    queue_with(sqs).change_visibility("receipt", wanted)

    assert sqs.requests == [{"QueueUrl": "https://queue", "ReceiptHandle": "receipt", "VisibilityTimeout": timeout}]


def test_a_dead_letter_has_its_reason_and_its_tries() -> None:
    sqs = RecordingSqs()
    queue_with(sqs).dead_letter("message", "why", 3)

    assert sqs.requests == [
        {
            "QueueUrl": "https://dead-letters",
            "MessageBody": "message",
            "MessageAttributes": {
                "reason": {"DataType": "String", "StringValue": "why"},
                "tries": {"DataType": "Number", "StringValue": "3"},
            },
        }
    ]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("", "unknown"),
        (" \n ", "unknown"),
        ("two\nlines\0", "two lines"),
        ("a\ud800b", "a b"),
        ("x" * 1001, "x" * 1000),
        ("größe", "größe"),
    ],
)
def test_a_reason_becomes_an_attribute_that_sqs_accepts(reason: str, text: str) -> None:
    sqs = RecordingSqs()
    queue_with(sqs).dead_letter("message", reason, 1)

    assert sqs.requests[0]["MessageAttributes"]["reason"]["StringValue"] == text


def test_an_unreachable_queue_is_a_service_that_is_unavailable() -> None:
    queue = queue_with(RecordingSqs(EndpointConnectionError(endpoint_url="https://sqs")))
    calls: list[Callable[[], None]] = [
        lambda: queue.send("message"),
        lambda: queue.change_visibility("receipt", 1),
        lambda: queue.dead_letter("message", "why", 1),
    ]
    for call in calls:
        with pytest.raises(ServiceUnavailableError) as failure:
            call()
        assert failure.value.service == "sqs"
