"""The event bus of a deployed stack, with someone who listens to outcomes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from installhub.contract.event_models import OUTCOMES
from tests.system.client import Api

SOURCE = "com.example.hr"
PATIENCE = 90.0
QUIET = 8.0

_T = TypeVar("_T")


@dataclass
class Bus:
    """The stack's event bus, with someone who listens to outcomes."""

    api: Api
    queue: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    def put(self, detail: Any, *, source: str = SOURCE) -> str:  # noqa: ANN401  # any JSON
        """Send a request for an export; the id that it has from then on."""
        entry = {
            "EventBusName": self.api.stack.outputs["EventBus"],
            "Source": source,
            "DetailType": "ExportRequested",
            "Detail": json.dumps(detail),
        }
        answer = self.api.aws.events.put_events(Entries=[entry])  # type: ignore[list-item]
        assert answer["FailedEntryCount"] == 0
        (sent,) = answer["Entries"]
        return f"event:{source}/{sent['EventId']}"

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


def eventually(find: Callable[[], _T | None], patience: float = PATIENCE) -> _T:
    """What ``find`` returns, as soon as it is not None."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if (found := find()) is not None:
            return found
        time.sleep(0.2)
    pytest.fail("it did not happen")


@contextmanager
def listening(api: Api) -> Iterator[Bus]:
    """Trust the sources of the tests, and hear of outcomes for a while."""
    api.up(f"TrustedEventSources={SOURCE},com.example.ops")
    events, sqs, name = api.aws.events, api.aws.sqs, api.stack.outputs["EventBus"]
    queue = sqs.create_queue(QueueName="outcomes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="outcomes", EventBusName=name, EventPattern=json.dumps({"source": ["installhub"]}))
    events.put_targets(Rule="outcomes", EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield Bus(api, queue)
    events.remove_targets(Rule="outcomes", EventBusName=name, Ids=["queue"])
    events.delete_rule(Name="outcomes", EventBusName=name)
