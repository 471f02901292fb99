"""A request in the format of API Gateway's Lambda proxy integration (REST APIs, payload format 1.0).

Every function serves a single route, so no router is needed. Powertools' resolver would add 28 ms to every cold start
(docs/decisions/0011).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from installhub.model.scopes import EXPORT_SCOPE


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        event: The event from API Gateway; headers, parameters and body are not validated.
        scopes: The scopes of the route; the caller needs at least one of them.
    """

    event: Mapping[str, Any]
    scopes: tuple[str, ...] = (EXPORT_SCOPE,)

    @property
    def id(self) -> str:
        """The request's id, which is part of responses and log entries."""
        return str(self.context.get("requestId", "unknown"))

    @property
    def context(self) -> Mapping[str, Any]:
        """The request context, which includes the authorizer's."""
        return self.event.get("requestContext") or {}

    @property
    def path(self) -> str | None:
        """The path of the request."""
        return self.event.get("path")

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.event.get("httpMethod", ""))

    @property
    def resource(self) -> str:
        """The path template of the route, with ``{parameters}``."""
        return str(self.event.get("resource", ""))

    @property
    def body(self) -> bytes:
        """The body as bytes, decoded if API Gateway encoded it in base64."""
        body: str = self.event.get("body") or ""
        if self.event.get("isBase64Encoded"):
            return base64.b64decode(body)
        return body.encode(errors="surrogatepass")

    def path_parameter(self, name: str) -> str:
        """The path parameter ``name``, unchecked; empty if absent."""
        return str((self.event.get("pathParameters") or {}).get(name, ""))

    def query_parameter(self, name: str) -> str | None:
        """The value of a query parameter, the last one if there are several; unchecked."""
        value: str | None = (self.event.get("queryStringParameters") or {}).get(name)
        return value

    def header(self, name: str) -> str | None:
        """The value of a header, the last one if there are several; names are case-insensitive (RFC 9110, 5.1)."""
        value: str | None = _get_ignoring_case(self.event.get("headers"), name)
        return value

    def header_values(self, name: str) -> list[str]:
        """All values of a header."""
        values = _get_ignoring_case(self.event.get("multiValueHeaders"), name)
        value = self.header(name)
        return list(values or ([] if value is None else [value]))


def _get_ignoring_case(headers: Mapping[str, Any] | None, name: str) -> Any:  # noqa: ANN401  # one value, or a list of them
    return next((value for key, value in (headers or {}).items() if key.lower() == name.lower()), None)
