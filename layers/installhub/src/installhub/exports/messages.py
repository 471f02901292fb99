"""The messages of the export queue.

There are three kinds: an event from a trusted source, a notification about an object in the inbox, and an export
accepted over HTTP. The queue's policy ensures that only authorized senders can send them; this module does not check.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from installhub.model.text import is_encodable
from installhub.packages.records import AcceptedExport

EXPORT_REQUESTED: Final = "ExportRequested"
"""The ``detail-type`` of an event that requests an export; its ``detail`` is the body of POST /export."""

_INBOX_SOURCE: Final = "aws.s3"
_ACCEPTED: Final = "acceptedExport"
_MAX_KEY_BYTES: Final = 1024  # the limit of an S3 key; that of a DynamoDB partition key is 2,048


class UnreadableMessageError(Exception):
    """A message that cannot be processed, not even later: of an unknown kind, or its request document is missing."""


@dataclass(frozen=True, slots=True)
class InboxObject:
    """A request document in the inbox bucket.

    Attributes:
        key: Key of the object.
        version: Version id of the object, if the bucket is versioned.
    """

    key: str
    version: str | None


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
    """

    request_id: str
    requested_by: str
    document: bytes | None = None
    inbox_object: InboxObject | None = None
    package_id: str | None = None
    accepted: AcceptedExport | None = None


def encode_message(job: ExportJob) -> str:
    """The message for an export that was accepted over HTTP.

    Raises:
        ValueError: The job was not accepted over HTTP.
    """
    if job.document is None or job.accepted is None:
        raise ValueError("only an accepted export can be encoded")
    fields = {
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
        if body["source"] == _INBOX_SOURCE:
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
        request_id=_key_text(fields["requestId"]),
        requested_by=_text(fields["requestedBy"]),
        document=json.dumps(fields["request"]).encode(),
        package_id=_key_text(fields["packageId"]),
        accepted=AcceptedExport(
            tenant=_text(accepted["tenant"]),
            name=_text(accepted["name"]),
            version=_text(accepted["version"]),
            requested_by=_text(accepted["requested_by"]),
            requested_at=_text(accepted["requested_at"]),
            expires_at=accepted["until"],
        ),
    )


def _job_from_event(event: dict[str, Any]) -> ExportJob:
    return ExportJob(
        request_id=f"event:{_key_text(event['source'])}/{_key_text(event['id'])}",
        requested_by=f"event:{event['source']}",
        document=json.dumps(event["detail"]).encode(),
    )


def _job_from_inbox_notification(detail: dict[str, Any], inbox_bucket: str) -> ExportJob:
    bucket, notified = detail["bucket"]["name"], detail["object"]
    if bucket != inbox_bucket:
        raise UnreadableMessageError(f"a notification from a bucket that is not the inbox: {bucket!r}")
    inbox_object = InboxObject(key=_key_text(notified["key"]), version=notified.get("version-id"))
    # In a bucket without versions, the sequencer distinguishes the object from later ones with the same key.
    revision = _key_text(inbox_object.version or notified.get("sequencer") or notified["etag"])
    return ExportJob(
        request_id=f"s3:{bucket}/{inbox_object.key}?{revision}",
        requested_by=f"s3:{bucket}/{inbox_object.key}",
        inbox_object=inbox_object,
    )


def _text(value: object) -> str:
    """Return ``value`` if it is a string that DynamoDB can store.

    Raises:
        TypeError: It is not a string, or cannot be encoded as UTF-8.
    """
    if not isinstance(value, str) or not is_encodable(value):
        raise TypeError("not a string that can be encoded as UTF-8")
    return value


def _key_text(value: object) -> str:
    """Return ``value`` if it is a string that can become part of a key.

    Raises:
        TypeError: It is not a string, or is empty or too long.
    """
    text = _text(value)
    if not 0 < len(text.encode()) <= _MAX_KEY_BYTES:
        raise TypeError("part of a key is empty or too long")
    return text
