"""Artifact events: CloudEvents about published and deleted artifacts, created from the artifacts table's stream."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from installhub.artifacts import items
from installhub.contract.artifact_bodies import artifact_summary
from installhub.contract.event_types import ARTIFACT_DELETED, ARTIFACT_PUBLISHED
from installhub.events.cloud_events import cloud_event
from installhub.model.timestamps import format_timestamp

if TYPE_CHECKING:
    from installhub.runtime.dynamodb import Item


_WITHHELD: Final = "***"
"""The name of an artifact in whose name a secret was found: events have more readers than artifacts."""


def is_artifact_record(record: Mapping[str, Any]) -> bool:
    """Whether a stream record is about an edge item of the artifacts table."""
    sort_key = record["dynamodb"]["Keys"].get(items.SORT, {"S": ""})
    return str(sort_key["S"]).startswith(items.EDGE_PREFIX)


def artifact_event(record: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The CloudEvent for a change of an edge item.

    Args:
        record: The stream record, with the new and the old item.
        source: The event's ``source``, which identifies the stack.
    """
    change = record["dynamodb"]
    new, old = _item(change.get("NewImage")), _item(change.get("OldImage"))
    time = format_timestamp(change["ApproximateCreationDateTime"])
    image = new or old
    node = items.node_from_item(image)
    data = {
        "tenantId": items.tenant_of(image),
        **artifact_summary(node),
        "sha256": node.sha256,
        "size": node.size,
        "revision": node.revision,
    }
    if any(found.pointer == "/name" for found in node.unacknowledged):
        data["name"] = _WITHHELD
    if new:
        event_type = ARTIFACT_PUBLISHED
        data |= {"change": "updated" if old else "created", "publishedAt": time}
    else:
        event_type = ARTIFACT_DELETED
        data |= {"deletedAt": time}
    return cloud_event(event_type, source, node.id, time, data, identity=[record["eventID"]])


def _item(image: Mapping[str, Any] | None) -> Item:
    """An image of a stream record as an item; in the record, binary values are base64."""
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in (image or {}).items()
    }
