"""The emulator's main program: MiniStack with a patch for a difference that cannot be compensated from outside.

It runs with the emulator's own Python and imports nothing from this project. See `local/differences.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ministack.app import main
from ministack.services import lambda_svc

Result = dict[str, Any]
GENERIC_ERROR = "Runtime.HandlerError"


def with_exception_name(execute: Callable[..., Result]) -> Callable[..., Result]:
    """Set the error type of a failed function to the name of the exception's class.

    AWS: the `errorType` of a failed invocation is that name, and state machines catch it.
    Emulator: it is always "Runtime.HandlerError"; the name is only in the traceback.
    """

    @functools.wraps(execute)
    def executed(*arguments: Any, **options: Any) -> Result:  # noqa: ANN401 - passed through
        result = execute(*arguments, **options)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == GENERIC_ERROR:
            body["errorType"] = _exception_name(str(result.get("log")), str(body.get("errorMessage"))) or GENERIC_ERROR
        return result

    return executed


def _exception_name(trace: str, message: str) -> str:
    """The class name in the last line of a traceback that ends with this message."""
    before, found, _ = trace.rstrip().rpartition(f": {message}")
    name = before.splitlines()[-1].rpartition(".")[2] if found and before else ""
    return name if name.isidentifier() else ""


if __name__ == "__main__":
    lambda_svc._execute_function_warm = with_exception_name(lambda_svc._execute_function_warm)  # noqa: SLF001 - there is no public hook
    main()
