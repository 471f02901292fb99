"""What the messages of all queues have in common: texts that can be stored, and notifications of the inbox bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from installhub.model.text import is_encodable

S3_SOURCE: Final = "aws.s3"
"""The ``source`` of the events that S3 sends to EventBridge."""

MAX_KEY_BYTES: Final = 1024
"""Maximum length of an S3 key; that of a DynamoDB partition key is 2,048 bytes."""


class UnreadableMessageError(Exception):
    """A message that cannot be processed, not even later: of an unknown kind, or its object is missing."""


@dataclass(frozen=True, slots=True)
class InboxObject:
    """An object in the inbox bucket.

    Attributes:
        key: Key of the object.
        version: Version id of the object, if the bucket is versioned.
    """

    key: str
    version: str | None


def read_notification(detail: Mapping[str, Any], inbox_bucket: str) -> InboxObject:
    """The object in the ``detail`` of an S3 event.

    Raises:
        UnreadableMessageError: It is in another bucket.
        TypeError: The detail is not that of an S3 event.
        KeyError: As for TypeError.
    """
    bucket, notified = detail["bucket"]["name"], detail["object"]
    if bucket != inbox_bucket:
        raise UnreadableMessageError(f"a notification from a bucket that is not the inbox: {bucket!r}")
    return InboxObject(key=key_text(notified["key"]), version=notified.get("version-id"))


def storable_text(value: object) -> str:
    """Return ``value`` if it is a string that DynamoDB can store.

    Raises:
        TypeError: It is not a string, or cannot be encoded as UTF-8.
    """
    if not isinstance(value, str) or not is_encodable(value):
        raise TypeError("not a string that can be encoded as UTF-8")
    return value


def key_text(value: object) -> str:
    """Return ``value`` if it is a string that can become part of a key.

    Raises:
        TypeError: It is not a string, or is empty or too long.
    """
    text = storable_text(value)
    if not 0 < len(text.encode()) <= MAX_KEY_BYTES:
        raise TypeError("part of a key is empty or too long")
    return text
