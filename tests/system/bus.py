"""The event bus of a deployed stack, with a queue that receives outcome events."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from installhub.contract.event_models import EVENTS
from tests.system.client import Api

SOURCE = "com.example.hr"
TIMEOUT_SECONDS = 90.0
QUIET_SECONDS = 8.0

_T = TypeVar("_T")


@dataclass
class Bus:
    """Sends export requests to a stack's event bus and receives outcome events.

    Attributes:
        api: The stack.
        queue: URL of the queue that receives the outcome events.
        received: Outcome events received and not yet consumed by ``wait_for_outcome``.
    """

    api: Api
    queue: str
    received: list[dict[str, Any]] = field(default_factory=list)

    def put(self, detail: Any, *, source: str = SOURCE) -> str:  # noqa: ANN401  # any JSON
        """Send an export request and return its request id."""
        entry = {
            "EventBusName": self.api.stack.outputs["EventBus"],
            "Source": source,
            "DetailType": "ExportRequested",
            "Detail": json.dumps(detail),
        }
        response = self.api.aws.events.put_events(Entries=[entry])  # type: ignore[list-item]
        assert response["FailedEntryCount"] == 0
        (result_entry,) = response["Entries"]
        return f"event:{source}/{result_entry['EventId']}"

    def receive(self) -> None:
        """Receive outcome events from the queue, validate them, and add them to ``received``."""
        sqs = self.api.aws.sqs
        for message in sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages", []
        ):
            event = json.loads(message["Body"])
            assert event["source"] == "installhub"
            assert event["detail-type"] == event["detail"]["type"]
            EVENTS[event["detail"]["dataschema"]].model_validate_json(json.dumps(event["detail"]))
            self.received.append(event["detail"])
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])

    def wait_for_outcome(self, name: str) -> dict[str, Any]:
        """Wait for the next outcome event for a package of this name, and return it."""

        def find_outcome() -> dict[str, Any] | None:
            self.receive()
            return next((event for event in self.received if event["data"].get("packageName") == name), None)

        event = wait_for(find_outcome)
        self.received.remove(event)
        return event

    def assert_no_outcome(self, name: str, seconds: float = QUIET_SECONDS) -> None:
        """Assert that no outcome event for a package of this name arrives within ``seconds``."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.receive()
            assert [event for event in self.received if event["data"].get("packageName") == name] == []


def wait_for(find: Callable[[], _T | None], timeout: float = TIMEOUT_SECONDS) -> _T:
    """Poll ``find`` until it returns something other than None, and return that."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if (found := find()) is not None:
            return found
        time.sleep(0.2)
    pytest.fail(f"timed out after {timeout} s")


@contextmanager
def outcome_listener(api: Api, *parameters: str) -> Iterator[Bus]:
    """Trust the event sources of the tests, set further parameters, and receive events within the context."""
    api.up(" ".join([f"TrustedEventSources={SOURCE},com.example.ops", *parameters]))
    events, sqs, name = api.aws.events, api.aws.sqs, api.stack.outputs["EventBus"]
    queue = sqs.create_queue(QueueName="outcomes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="outcomes", EventBusName=name, EventPattern=json.dumps({"source": ["installhub"]}))
    events.put_targets(Rule="outcomes", EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield Bus(api, queue)
    events.remove_targets(Rule="outcomes", EventBusName=name, Ids=["queue"])
    events.delete_rule(Name="outcomes", EventBusName=name)
