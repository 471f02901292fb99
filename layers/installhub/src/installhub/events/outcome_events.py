"""Outcome events: CloudEvents 1.0 about exported packages and failed requests, created from the tables' streams.

A stream delivers every change at least once, even if the function that made it crashed afterwards. The ``id`` of an
event is derived from its content, so that consumers can detect duplicates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from installhub.contract.event_types import PACKAGE_EXPORT_FAILED, PACKAGE_EXPORTED
from installhub.contract.routes import DOWNLOAD
from installhub.events.cloud_events import cloud_event
from installhub.packages.records import PackageStatus

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
    return cloud_event(event_type, source, subject, time, data, identity=[subject, time, data.get("requestId")])


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
