"""Outcome events: CloudEvents 1.0 about packages and failed requests, created from the tables' streams.

A stream delivers every change at least once, even if the function that made it crashed afterwards. The ``id`` of an
event is derived from its content, so that consumers can detect duplicates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from installhub.contract.event_types import PACKAGE_EXPORT_FAILED, PACKAGE_EXPORTED, PACKAGE_LIFECYCLE_CHANGED
from installhub.contract.routes import DOWNLOAD
from installhub.events.cloud_events import cloud_event
from installhub.model.lifecycle import Lifecycle
from installhub.packages.records import LIFECYCLE, LIFECYCLE_HISTORY, LIFECYCLE_REVISION, PackageStatus

_PACKAGE_FIELDS: Final = ("tenantId", "packageId", "packageName", "version")


def outcome_event(image: Mapping[str, Any], old_image: Mapping[str, Any], source: str) -> dict[str, Any] | None:
    """The CloudEvent for an exported package, a changed lifecycle or a failed request.

    None if a package changed in another way, which only an operator can do.

    Args:
        image: The new item of the packages or requests table, as Python values.
        old_image: The item before; empty if there was none.
        source: The event's ``source``, which identifies the stack.
    """
    if image["status"] == PackageStatus.EXPORTED:
        if old_image.get("status") == PackageStatus.EXPORTED:
            is_same = image.get(LIFECYCLE_REVISION) == old_image.get(LIFECYCLE_REVISION)
            return None if is_same else _lifecycle_changed(image, old_image, source)
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


def _lifecycle_changed(image: Mapping[str, Any], old_image: Mapping[str, Any], source: str) -> dict[str, Any]:
    change = json.loads(image[LIFECYCLE_HISTORY])[-1]
    package_id, revision = image["packageId"], int(image[LIFECYCLE_REVISION])
    data = {
        "tenantId": image["tenantId"],
        "packageId": package_id,
        "packageName": image["name"],
        "version": image["version"],
        "previousLifecycle": old_image.get(LIFECYCLE, Lifecycle.ACTIVE.value),
        **change,
        "revision": revision,
    }
    identity = [package_id, image["checksum"], str(revision)]
    return cloud_event(PACKAGE_LIFECYCLE_CHANGED, source, package_id, change["changedAt"], data, identity)


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
