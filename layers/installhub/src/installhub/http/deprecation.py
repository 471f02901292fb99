"""Headers of responses with deprecated packages (RFC 9745)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from installhub.model.lifecycle import Lifecycle

if TYPE_CHECKING:
    from installhub.packages.records import PackageRecord

_MAX_REASON_BYTES: Final = 1_000
"""Maximum size of the reason in its header: API Gateway allows 10,240 bytes for all of them. The package has all."""


def deprecation_headers(record: PackageRecord) -> dict[str, str]:
    """When and why a package was deprecated; nothing for other packages.

    The reason is a display string (RFC 9651, 3.3.8), since a header has no other way for text outside of ASCII.
    """
    state = record.state
    if state.lifecycle is not Lifecycle.DEPRECATED:
        return {}
    seconds = int(datetime.fromisoformat(state.history[-1].changed_at).timestamp())
    return {"Deprecation": f"@{seconds}", "Deprecation-Reason": _display_string(state.reason or "")}


def _display_string(text: str) -> str:
    encoded = ""
    for character in text:
        is_plain = " " <= character <= "~" and character not in '%"'
        token = character if is_plain else "".join(f"%{byte:02x}" for byte in character.encode())
        if len(encoded) + len(token) > _MAX_REASON_BYTES:
            break
        encoded += token
    return f'%"{encoded}"'
