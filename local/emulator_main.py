"""The emulator's main program: MiniStack, taught what it lacks and no deployment can make up for.

It is run by the emulator's own Python and imports nothing of this project. `local/differences.py` lists it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ministack.app import main
from ministack.services import lambda_svc

Result = dict[str, Any]
ANY_ERROR = "Runtime.HandlerError"


def error_types(execute: Callable[..., Result]) -> Callable[..., Result]:
    """Let a function's error have the name of the exception's class.

    AWS: the `errorType` of a failed invocation is that name, and what a state machine catches.
    Emulator: it is always "Runtime.HandlerError"; the name stands in the trace only.
    """

    @functools.wraps(execute)
    def executed(*arguments: Any, **options: Any) -> Result:  # noqa: ANN401 - whatever it takes
        result = execute(*arguments, **options)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == ANY_ERROR:
            body["errorType"] = _raised(str(result.get("log")), str(body.get("errorMessage"))) or ANY_ERROR
        return result

    return executed


def _raised(trace: str, message: str) -> str:
    """The name of the class whose instance with this message ends the trace."""
    told, found, _ = trace.rstrip().rpartition(f": {message}")
    name = told.splitlines()[-1].rpartition(".")[2] if found and told else ""
    return name if name.isidentifier() else ""


if __name__ == "__main__":
    lambda_svc._execute_function_warm = error_types(lambda_svc._execute_function_warm)  # noqa: SLF001 - its only seam
    main()
