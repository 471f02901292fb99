"""A request as API Gateway's proxy integration delivers it (REST APIs, payload format 1.0).

Every function serves one route, which API Gateway has chosen already, so there is nothing left to route. Powertools'
resolver would add 28 ms to every cold start (docs/decisions/0011).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        event: As API Gateway sent it; headers, parameters and body may hold anything.
    """

    event: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The request's id, which responses and log lines share."""
        return str(self.context.get("requestId", "unknown"))

    @property
    def context(self) -> Mapping[str, Any]:
        """The request context from API Gateway and the authorizer."""
        return self.event.get("requestContext") or {}

    @property
    def path(self) -> str | None:
        """The requested path."""
        return self.event.get("path")

    @property
    def body(self) -> bytes:
        """The body's bytes."""
        body: str = self.event.get("body") or ""
        if self.event.get("isBase64Encoded"):
            return base64.b64decode(body)
        return body.encode(errors="surrogatepass")

    def path_parameter(self, name: str) -> str:
        """The path parameter ``name``, unchecked; empty if absent."""
        return str((self.event.get("pathParameters") or {}).get(name, ""))

    def header(self, name: str) -> str | None:
        """The header's value, the last one if it was sent several times; names are case-insensitive (RFC 9110, 5.1)."""
        value: str | None = _get_ignoring_case(self.event.get("headers"), name)
        return value

    def header_values(self, name: str) -> list[str]:
        """All values of the header."""
        many = _get_ignoring_case(self.event.get("multiValueHeaders"), name)
        one = self.header(name)
        return list(many or ([] if one is None else [one]))


def _get_ignoring_case(headers: Mapping[str, Any] | None, name: str) -> Any:  # noqa: ANN401  # one value, or a list of them
    return next((value for key, value in (headers or {}).items() if key.lower() == name.lower()), None)
