from __future__ import annotations

import base64
from typing import Any

import pytest

from installhub.http.request import Request
from installhub.http.response import Response


@pytest.mark.parametrize("name", ["Prefer", "prefer", "PREFER"])
def test_header_names_are_case_insensitive(name: str) -> None:
    request = Request({"headers": {name: "b"}, "multiValueHeaders": {name: ["a", "b"]}})
    assert request.header("Prefer") == "b"
    assert request.header_values("preFER") == ["a", "b"]


def test_multi_value_headers_are_optional() -> None:
    request = Request({"headers": {"Prefer": "a"}, "multiValueHeaders": None})
    assert request.header_values("prefer") == ["a"]
    assert request.header_values("If-Match") == []


@pytest.mark.parametrize("event", [{}, dict.fromkeys(("headers", "pathParameters", "requestContext", "body", "path"))])
def test_every_field_of_an_event_is_optional(event: dict[str, Any]) -> None:
    request = Request(event)
    assert (request.id, request.header("Prefer"), request.path_parameter("packageId")) == ("unknown", None, "")
    assert (request.body, request.path, request.context) == (b"", None, {})


def test_text_is_sent_unchanged_and_bytes_in_base64() -> None:
    assert Response(200, {"ETag": '"1"'}, "größe").to_proxy_result() == {
        "statusCode": 200,
        "headers": {"ETag": '"1"'},
        "body": "größe",
        "isBase64Encoded": False,
    }
    packed = Response(200, body=b"\xff\x00").to_proxy_result()
    assert packed["isBase64Encoded"]
    assert base64.b64decode(packed["body"]) == b"\xff\x00"
