"""Pages of lists, and cursors.

A cursor is an opaque position in a list, valid only for the list, the tenant and the filters it was made for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.text import is_encodable

DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 200

_VERSION: Final = 1
_CHECKSUM_BYTES: Final = 12
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """A page of a list.

    Attributes:
        entries: In the order of the list.
        next_cursor: Leads to the next page; None if there is none.
    """

    entries: tuple[_T, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class CursorScope:
    """What a cursor belongs to.

    A cursor is not a secret: its checksum detects mistakes, not forgery. It cannot lead to another tenant, because
    readers use it as a position within the partition of the tenant that the caller is authorized for.

    Attributes:
        list_name: Name of the list.
        tenant: Id of the tenant.
        filters: The filters of the list by name.
    """

    list_name: str
    tenant: str
    filters: Mapping[str, str | None]

    def encode(self, position: Sequence[str]) -> str:
        """The cursor for a position in the list, in characters that need no encoding in a query string."""
        content = json.dumps([_VERSION, *position]).encode()
        return base64.urlsafe_b64encode(self._checksum(content) + content).decode().rstrip("=")

    def decode(self, cursor: str, length: int = 1) -> list[str]:
        """The inverse of :meth:`encode`, for positions of ``length`` texts.

        Raises:
            InstallHubError: InvalidCursor.
        """
        try:
            decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise InstallHubError.of(ErrorCode.INVALID_CURSOR) from None
        checksum, content = decoded[:_CHECKSUM_BYTES], decoded[_CHECKSUM_BYTES:]
        if checksum != self._checksum(content):
            raise InstallHubError.of(ErrorCode.INVALID_CURSOR)
        position = _position(content)
        if position is None or len(position) != length:
            raise InstallHubError.of(ErrorCode.INVALID_CURSOR)
        return position

    def _checksum(self, content: bytes) -> bytes:
        scope = json.dumps([self.list_name, self.tenant, sorted(self.filters.items())]).encode()
        return hashlib.sha256(scope + b"\0" + content).digest()[:_CHECKSUM_BYTES]


def _position(content: bytes) -> list[str] | None:
    """The position in the content of a cursor; None if no version of this code wrote it that way."""
    try:
        decoded = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(decoded, list) or decoded[:1] != [_VERSION] or type(decoded[0]) is not int:
        return None
    position = decoded[1:]
    return position if all(isinstance(text, str) and is_encodable(text) for text in position) else None
