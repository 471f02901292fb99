"""Helpers that invoke an HTTP function and read its proxy responses."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from installhub.contract.routes import EXPORT
from installhub.http.endpoint import endpoint
from installhub.http.request import Request
from installhub.http.response import Response
from tests.builders import FakeContext, event

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

LAMBDA_RESPONSE_BYTES = 6 * 1024 * 1024
BUNDLE = b"PK\x03\x04 bytes \xff\x00"

Action = Callable[[Request], Response]


def respond(action: Action, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the proxy response of a function that performs ``action``."""
    return invoke(action, event(**request))


def invoke(action: Action, proxy_event: dict[str, Any]) -> dict[str, Any]:
    handler = endpoint(EXPORT)(lambda request, _: action(request))
    return handler(proxy_event, cast("LambdaContext", FakeContext("installhub-export")))


def error_response(error: BaseException, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    def fail(_: Request) -> Response:
        raise error

    return respond(fail, **request)


def headers_of(response: dict[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = response["headers"]
    return headers


def content_of(response: dict[str, Any]) -> bytes:
    body: str = response["body"]
    content = base64.b64decode(body) if response["isBase64Encoded"] else body.encode()
    return gzip.decompress(content) if headers_of(response).get("Content-Encoding") == "gzip" else content


def problem_of(response: dict[str, Any]) -> dict[str, Any]:
    problem: dict[str, Any] = json.loads(content_of(response))
    return problem


def payload_size(response: dict[str, Any]) -> int:
    """Return the size in bytes of ``response`` as the runtime sends it to Lambda."""
    return len(json.dumps(response, ensure_ascii=False).encode())
