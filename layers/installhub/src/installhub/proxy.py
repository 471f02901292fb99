"""What API Gateway's proxy integration hands to a function, and what it takes from one (REST APIs, format 1.0).

Every function serves one route, which API Gateway has chosen, so that nothing is left to be routed here. Powertools'
resolver would do as well, in 28 ms more of every cold start (docs/decisions/0011).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        event: As API Gateway sent it; a caller may have put anything into headers, parameters and body.
    """

    event: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The request's id, which answers and log lines have in common."""
        return str(self.context.get("requestId", "unknown"))

    @property
    def context(self) -> Mapping[str, Any]:
        """What API Gateway and the authorizer say of the request."""
        return self.event.get("requestContext") or {}

    @property
    def path(self) -> str | None:
        """The path as it was asked for."""
        return self.event.get("path")

    @property
    def body(self) -> bytes:
        """The body's bytes."""
        body: str = self.event.get("body") or ""
        if self.event.get("isBase64Encoded"):
            return base64.b64decode(body)
        return body.encode(errors="surrogatepass")

    def path_parameter(self, name: str) -> str:
        """The parameter of the path, whatever it holds; "" if there is none."""
        return str((self.event.get("pathParameters") or {}).get(name, ""))

    def header(self, name: str) -> str | None:
        """The header's value, its last one if it was sent several times; names know no case (RFC 9110, 5.1)."""
        value: str | None = _by_any_case(self.event.get("headers"), name)
        return value

    def header_lines(self, name: str) -> list[str]:
        """All values of the header."""
        many = _by_any_case(self.event.get("multiValueHeaders"), name)
        one = self.header(name)
        return list(many or ([] if one is None else [one]))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        status: HTTP status.
        headers: Its headers.
        body: Text, or bytes that are sent as they are.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = ""

    def as_proxy_result(self) -> dict[str, Any]:
        """The answer as the integration takes it: bytes in base64."""
        result = {"statusCode": self.status, "headers": dict(self.headers)}
        if isinstance(self.body, bytes):
            return {**result, "body": base64.b64encode(self.body).decode(), "isBase64Encoded": True}
        return {**result, "body": self.body, "isBase64Encoded": False}


def _by_any_case(headers: Mapping[str, Any] | None, name: str) -> Any:  # noqa: ANN401  # one value, or a list of them
    return next((value for key, value in (headers or {}).items() if key.lower() == name.lower()), None)
