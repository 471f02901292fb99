from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = Path(__file__).parents[3] / "local" / "emulator_main.py"
TRACE = (
    'Traceback (most recent call last):\n  File "app.py", line 1, in handler\n{module}CircularDependency: {{"a": 1}}\n'
)


@pytest.fixture(scope="module")
def emulator_main() -> dict[str, Any]:
    """Return the names of the module, loaded without the emulator."""
    services = SimpleNamespace(main=None, lambda_svc=None, apigateway_v1=None)
    module: dict[str, Any] = {"__name__": "emulator_main"}
    stubs = {"ministack": SimpleNamespace(), "ministack.app": services, "ministack.services": services}
    with patch.dict(sys.modules, stubs):
        exec(compile(ast.parse(FILE.read_text()), FILE, "exec"), module)  # noqa: S102  # a file of the project
    return module


@pytest.fixture
def with_exception_name(emulator_main: dict[str, Any]) -> Callable[..., Any]:
    function: Callable[..., Any] = emulator_main["with_exception_name"]
    return function


@pytest.mark.parametrize("module", ["", "installhub.events.invocation."])
def test_the_error_type_is_the_name_of_the_class(with_exception_name: Callable[..., Any], module: str) -> None:
    failed = {
        "error": True,
        "body": {"errorMessage": '{"a": 1}', "errorType": "Runtime.HandlerError"},
        "log": TRACE.format(module=module),
    }
    assert with_exception_name(lambda: failed)()["body"]["errorType"] == "CircularDependency"


@pytest.mark.parametrize(
    "result",
    [
        {"body": {"errorType": "Runtime.HandlerError"}},
        {"error": True, "body": "text"},
        {"error": True, "body": {"errorMessage": "x", "errorType": "Sandbox.Timedout"}, "log": "A: x"},
        {"error": True, "body": {"errorMessage": "x", "errorType": "Runtime.HandlerError"}, "log": "no trace"},
        {"error": True, "body": {"errorMessage": "x", "errorType": "Runtime.HandlerError"}, "log": None},
    ],
)
def test_other_results_are_unchanged(with_exception_name: Callable[..., Any], result: dict[str, Any]) -> None:
    before = str(result)
    assert str(with_exception_name(lambda: result)()) == before


@pytest.mark.parametrize(("media_type", "used"), [(None, "application/json"), ("", "application/json"), ("a/b", "a/b")])
def test_a_request_without_media_type_counts_as_json(
    emulator_main: dict[str, Any], media_type: str | None, used: str
) -> None:
    matched = emulator_main["with_default_media_type"](lambda *arguments: arguments)

    assert matched(media_type, ["*/*"]) == (used, ["*/*"])


def test_the_gateway_responses_of_a_body_are_created(emulator_main: dict[str, Any]) -> None:
    stored: list[Any] = []

    def put(*arguments: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401
        stored.append(arguments)
        return 201, {}, b""

    imported = emulator_main["with_gateway_responses"](lambda spec, data: f"{spec['info']}-{data}", put)
    responses = {"THROTTLED": {"statusCode": 429, "responseTemplates": {}}, "DEFAULT_5XX": {"responseTemplates": {}}}

    assert imported({"info": "api", "x-amazon-apigateway-gateway-responses": responses}, 1) == "api-1"
    assert stored == [
        ("api-1", "THROTTLED", {"statusCode": "429", "responseTemplates": {}}),
        ("api-1", "DEFAULT_5XX", {"responseTemplates": {}}),
    ]


def test_a_gateway_response_that_the_emulator_refuses_fails_the_deployment(emulator_main: dict[str, Any]) -> None:
    imported = emulator_main["with_gateway_responses"](lambda _: "api", lambda *_: (400, {}, b"no such type"))

    with pytest.raises(ValueError, match="no such type"):
        imported({"x-amazon-apigateway-gateway-responses": {"NONE": {}}})
