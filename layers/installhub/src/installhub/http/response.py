"""A response in the format of API Gateway's Lambda proxy integration (REST APIs, payload format 1.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Response:
    """A response.

    Attributes:
        status: HTTP status.
        headers: Headers by name.
        body: Text, or binary content.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = ""

    def with_headers(self, headers: Mapping[str, str]) -> Response:
        """The response with additional ``headers``. The values of ``Vary`` are combined, others are replaced."""
        vary = [item["Vary"] for item in (self.headers, headers) if "Vary" in item]
        combined = {"Vary": ", ".join(vary)} if vary else {}
        return replace(self, headers={**self.headers, **headers, **combined})

    def to_proxy_result(self) -> dict[str, Any]:
        """The response as the result of the Lambda function, with binary content in base64."""
        result = {"statusCode": self.status, "headers": dict(self.headers)}
        if isinstance(self.body, bytes):
            return {**result, "body": base64.b64encode(self.body).decode(), "isBase64Encoded": True}
        return {**result, "body": self.body, "isBase64Encoded": False}
