"""The messages of the export queue.

There are three kinds: an event from a trusted source, the notification of an object in the inbox, and an export
accepted over HTTP. The queue's policy decides who may send them; nothing here decides whom to trust.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from installhub.model.text import is_encodable
from installhub.packages.records import AcceptedExport

EXPORT_REQUESTED: Final = "ExportRequested"
"""The detail type of an event that requests an export; its detail is the body of POST /export."""

_INBOX_SOURCE: Final = "aws.s3"
_ACCEPTED: Final = "acceptedExport"
_MAX_KEY_BYTES: Final = 1024  # S3's own limit; DynamoDB's is 2,048


class UnreadableMessageError(Exception):
    """A message of no known kind, so that retrying is useless."""


@dataclass(frozen=True, slots=True)
class InboxObject:
    """A request document in the inbox bucket.

    Attributes:
        key: Its key.
        version: Its version, if the notification names it.
    """

    key: str
    version: str | None


@dataclass(frozen=True, slots=True)
class ExportJob:
    """An export request from the queue.

    Attributes:
        request_id: Identifies the request, however often it is delivered.
        requested_by: Who asks, for the audit trail.
        document: The body of POST /export; None if it is in the inbox.
        inbox_object: Where it is in the inbox.
        package_id: The package to be, if the export was accepted over HTTP.
        accepted: What was accepted then.
    """

    request_id: str
    requested_by: str
    document: bytes | None = None
    inbox_object: InboxObject | None = None
    package_id: str | None = None
    accepted: AcceptedExport | None = None


def encode_message(job: ExportJob) -> str:
    """The message that sends an accepted export to the worker."""
    if job.document is None or job.accepted is None:
        raise ValueError("only an accepted export is sent as a message")
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
        UnreadableMessageError: It contains none.
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
        request_id=_key(fields["requestId"]),
        requested_by=_text(fields["requestedBy"]),
        document=json.dumps(fields["request"]).encode(),
        package_id=_key(fields["packageId"]),
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
        request_id=f"event:{_key(event['source'])}/{_key(event['id'])}",
        requested_by=f"event:{event['source']}",
        document=json.dumps(event["detail"]).encode(),
    )


def _job_from_inbox_notification(detail: dict[str, Any], inbox_bucket: str) -> ExportJob:
    bucket, notified = detail["bucket"]["name"], detail["object"]
    if bucket != inbox_bucket:
        raise UnreadableMessageError(f"a notification from a bucket that is not the inbox: {bucket!r}")
    inbox_object = InboxObject(key=_key(notified["key"]), version=notified.get("version-id"))
    # Without versions, the sequencer distinguishes one object with this key from the next.
    revision = _key(inbox_object.version or notified.get("sequencer") or notified["etag"])
    return ExportJob(
        request_id=f"s3:{bucket}/{inbox_object.key}?{revision}",
        requested_by=f"s3:{bucket}/{inbox_object.key}",
        inbox_object=inbox_object,
    )


def _text(value: object) -> str:
    """``value``, which will be stored: anything but text could never be, however often it is retried.

    Raises:
        TypeError: It is not a string, or cannot be encoded.
    """
    if not isinstance(value, str) or not is_encodable(value):
        raise TypeError("not a string, or one that cannot be encoded")
    return value


def _key(value: object) -> str:
    """``value``, which becomes part of a key.

    Raises:
        TypeError: It is not a string, or is empty or too long.
    """
    text = _text(value)
    if not 0 < len(text.encode()) <= _MAX_KEY_BYTES:
        raise TypeError("a part of a key that is empty or too long")
    return text
