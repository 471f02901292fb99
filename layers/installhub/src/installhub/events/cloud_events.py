"""CloudEvents 1.0 on the event bus (https://github.com/cloudevents/spec)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.event_types import EVENT_SOURCE, data_schema
from installhub.model.errors import ServiceUnavailableError
from installhub.runtime.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_ID_NAMESPACE: Final = uuid.UUID("5b0f3d0c-1d0e-5c0a-9a37-6d1c2f7e8b90")


def cloud_event(  # noqa: PLR0913, PLR0917  # the attributes of an event
    event_type: str, source: str, subject: str, time: str, data: Mapping[str, Any], identity: Sequence[str | None]
) -> dict[str, Any]:
    """A CloudEvent.

    Args:
        event_type: Its type.
        source: Identifies the stack.
        subject: What it is about.
        time: RFC 3339, UTC.
        data: Its data.
        identity: What its ``id`` is derived from, together with its type, so that a repeated event has the same id.
    """
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid5(_ID_NAMESPACE, json.dumps([event_type, *identity]))),
        "source": source,
        "type": event_type,
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": data_schema(event_type),
        "data": data,
    }


@dataclass(frozen=True, slots=True)
class EventPublisher:
    """Publishes events on the event bus.

    Attributes:
        events: Returns the EventBridge client.
        bus: Name or ARN of the event bus.
    """

    events: Callable[[], EventBridgeClient]
    bus: str

    def publish(self, event: Mapping[str, Any]) -> None:
        """Publish ``event``, a CloudEvent.

        Raises:
            ServiceUnavailableError: EventBridge did not accept it.
        """
        with translate_aws_errors("events"):
            response = self.events().put_events(
                Entries=[
                    {
                        "EventBusName": self.bus,
                        "Source": EVENT_SOURCE,
                        "DetailType": event["type"],
                        "Time": event["time"],
                        "Detail": json.dumps(event, ensure_ascii=False),
                    }
                ]
            )
        if response["FailedEntryCount"]:
            raise ServiceUnavailableError("events")
