"""The messages of the export queue.

There are three kinds: an event from a trusted source, a notification about an object in the inbox, and an export
accepted over HTTP. The queue's policy ensures that only authorized senders can send them; this module does not check.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from installhub.packages.records import AcceptedExport
from installhub.runtime.queue_messages import (
    S3_SOURCE,
    InboxObject,
    UnreadableMessageError,
    key_text,
    read_notification,
    storable_text,
)

EXPORT_REQUESTED: Final = "ExportRequested"
"""The ``detail-type`` of an event that requests an export; its ``detail`` is the body of POST /export."""

_ACCEPTED: Final = "acceptedExport"


@dataclass(frozen=True, slots=True)
class ExportJob:
    """An export request from the queue.

    Attributes:
        request_id: Id of the request, the same for all deliveries.
        requested_by: For the audit trail: a caller's subject, an event source or an inbox object.
        document: The request as JSON, like the body of POST /export; None if it is in the inbox.
        inbox_object: The request document in the inbox, if it was uploaded there.
        package_id: Id of the requested package, if the export was accepted over HTTP.
        accepted: The accepted export, if it was accepted over HTTP.
        expected_plans: Tags of which the plan must have one; None for any plan.
    """

    request_id: str
    requested_by: str
    document: bytes | None = None
    inbox_object: InboxObject | None = None
    package_id: str | None = None
    accepted: AcceptedExport | None = None
    expected_plans: tuple[str, ...] | None = None


def encode_message(job: ExportJob) -> str:
    """The message for an export that was accepted over HTTP.

    Raises:
        ValueError: The job was not accepted over HTTP.
    """
    if job.document is None or job.accepted is None:
        raise ValueError("only an accepted export can be encoded")
    fields: dict[str, Any] = {
        "requestId": job.request_id,
        "requestedBy": job.requested_by,
        "request": json.loads(job.document),
        "packageId": job.package_id,
        "acceptance": {
            "tenant": job.accepted.tenant,
            "name": job.accepted.name,
            "version": job.accepted.version,
            "requested_by": job.accepted.requested_by,
            "requested_at": job.accepted.requested_at,
            "until": job.accepted.expires_at,
        },
    }
    if job.expected_plans is not None:
        fields["expectedPlans"] = job.expected_plans
    return json.dumps({_ACCEPTED: fields}, ensure_ascii=False, separators=(",", ":"))


def parse_message(message: str, inbox_bucket: str) -> ExportJob:
    """The job in ``message``.

    Raises:
        UnreadableMessageError: It is not a message of a known kind.
    """
    try:
        body = json.loads(message)
        if _ACCEPTED in body:
            return _job_from_accepted_export(body[_ACCEPTED])
        if body["source"] == S3_SOURCE:
            return _job_from_inbox_notification(body["detail"], inbox_bucket)
        if body["detail-type"] == EXPORT_REQUESTED:
            return _job_from_event(body)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnreadableMessageError(f"not a message of a known kind: {error!r}") from error
    raise UnreadableMessageError(f"an event of an unknown detail-type: {body['detail-type']!r}")


def _job_from_accepted_export(fields: dict[str, Any]) -> ExportJob:
    accepted = fields["acceptance"]
    if not isinstance(accepted["until"], int):
        raise TypeError("acceptance.until is not a number")
    return ExportJob(
        request_id=key_text(fields["requestId"]),
        requested_by=storable_text(fields["requestedBy"]),
        document=json.dumps(fields["request"]).encode(),
        package_id=key_text(fields["packageId"]),
        accepted=AcceptedExport(
            tenant=storable_text(accepted["tenant"]),
            name=storable_text(accepted["name"]),
            version=storable_text(accepted["version"]),
            requested_by=storable_text(accepted["requested_by"]),
            requested_at=storable_text(accepted["requested_at"]),
            expires_at=accepted["until"],
        ),
        expected_plans=tuple(map(str, fields["expectedPlans"])) if "expectedPlans" in fields else None,
    )


def _job_from_event(event: dict[str, Any]) -> ExportJob:
    return ExportJob(
        request_id=f"event:{key_text(event['source'])}/{key_text(event['id'])}",
        requested_by=f"event:{event['source']}",
        document=json.dumps(event["detail"]).encode(),
    )


def _job_from_inbox_notification(detail: dict[str, Any], inbox_bucket: str) -> ExportJob:
    inbox_object = read_notification(detail, inbox_bucket)
    notified = detail["object"]
    # In a bucket without versions, the sequencer distinguishes the object from later ones with the same key.
    revision = key_text(inbox_object.version or notified.get("sequencer") or notified["etag"])
    return ExportJob(
        request_id=f"s3:{inbox_bucket}/{inbox_object.key}?{revision}",
        requested_by=f"s3:{inbox_bucket}/{inbox_object.key}",
        inbox_object=inbox_object,
    )
