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


@pytest.fixture
def with_exception_name() -> Callable[..., Any]:
    """Return the function, loaded without the emulator."""
    ministack = {name: SimpleNamespace(main=None, lambda_svc=None) for name in ("ministack.app", "ministack.services")}
    module: dict[str, Any] = {"__name__": "emulator_main"}
    with patch.dict(sys.modules, {"ministack": SimpleNamespace(), **ministack}):
        exec(compile(ast.parse(FILE.read_text()), FILE, "exec"), module)  # noqa: S102  # a file of the project
    function: Callable[..., Any] = module["with_exception_name"]
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
