"""Outcome events: CloudEvents 1.0 about exported packages and failed requests, created from the tables' streams.

A stream delivers every change at least once, even if the function that made it crashed afterwards. The ``id`` of an
event is derived from its content, so that consumers can detect duplicates.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.event_types import EVENT_SOURCE, PACKAGE_EXPORT_FAILED, PACKAGE_EXPORTED, data_schema
from installhub.contract.routes import DOWNLOAD
from installhub.model.errors import ServiceUnavailableError
from installhub.packages.records import PackageStatus
from installhub.runtime.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_ID_NAMESPACE: Final = uuid.UUID("5b0f3d0c-1d0e-5c0a-9a37-6d1c2f7e8b90")
_PACKAGE_FIELDS: Final = ("tenantId", "packageId", "packageName", "version")


def outcome_event(image: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The CloudEvent for an exported package or a failed request.

    Args:
        image: The new item of the packages or requests table, as Python values.
        source: The event's ``source``, which identifies the stack.
    """
    if image["status"] == PackageStatus.EXPORTED:
        return _event(PACKAGE_EXPORTED, source, image["packageId"], image["exportedAt"], _exported(image))
    subject = image.get("packageId", image["request"])
    return _event(PACKAGE_EXPORT_FAILED, source, subject, image["failedAt"], _failed(image))


def _event(event_type: str, source: str, subject: str, time: str, data: dict[str, Any]) -> dict[str, Any]:
    identity = json.dumps([event_type, subject, time, data.get("requestId")])
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid5(_ID_NAMESPACE, identity)),
        "source": source,
        "type": event_type,
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": data_schema(event_type),
        "data": data,
    }


def _exported(image: Mapping[str, Any]) -> dict[str, Any]:
    data = {
        "tenantId": image["tenantId"],
        "packageId": image["packageId"],
        "packageName": image["name"],
        "version": image["version"],
        "packageType": image["packageType"],
        "checksum": image["checksum"],
        "artifactCount": int(image["artifactCount"]),
        "bundleBytes": int(image["bundleSize"]),
        "bundleDownloadUrl": DOWNLOAD.path.format(packageId=image["packageId"]),
        "exportedAt": image["exportedAt"],
        "exportedBy": image["exportedBy"],
    }
    if "requestId" in image:
        data["requestId"] = image["requestId"]
    return data


def _failed(image: Mapping[str, Any]) -> dict[str, Any]:
    errors = json.loads(image["errors"])
    return {
        **{name: image[name] for name in _PACKAGE_FIELDS if name in image},
        "requestId": image["request"],
        "requestedBy": image["requestedBy"],
        "failedAt": image["failedAt"],
        "errorCode": errors[0]["errorCode"],
        "errorCount": int(image["errorCount"]),
        "errors": errors,
    }


@dataclass(frozen=True, slots=True)
class OutcomePublisher:
    """Publishes outcome events on the event bus.

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
