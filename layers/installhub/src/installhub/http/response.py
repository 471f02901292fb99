"""A response as API Gateway's proxy integration expects it (REST APIs, payload format 1.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Response:
    """A response.

    Attributes:
        status: HTTP status.
        headers: Its headers.
        body: Text, or bytes that are sent unchanged.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = ""

    def to_proxy_result(self) -> dict[str, Any]:
        """The response as the integration expects it: bytes in base64."""
        result = {"statusCode": self.status, "headers": dict(self.headers)}
        if isinstance(self.body, bytes):
            return {**result, "body": base64.b64encode(self.body).decode(), "isBase64Encoded": True}
        return {**result, "body": self.body, "isBase64Encoded": False}
