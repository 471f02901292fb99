"""The emulator's main program: MiniStack with patches for differences that cannot be compensated from outside.

It runs with the emulator's own Python and imports nothing from this project. See `local/differences.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from ministack.app import main
from ministack.services import apigateway_v1, lambda_svc

Result = dict[str, Any]
GENERIC_ERROR = "Runtime.HandlerError"
DEFAULT_MEDIA_TYPE = "application/json"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"


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


def with_default_media_type(matches: Callable[..., bool]) -> Callable[..., bool]:
    """Treat a request without `Accept` or `Content-Type` like one with `application/json`.

    AWS: uses this type if the client sends none. With `*/*` as binary media type, every response is binary.
    Emulator: without a type nothing matches, and the client receives the base64 text.
    """

    @functools.wraps(matches)
    def matched(media_type: str | None, binary_media_types: list[str]) -> bool:
        return matches(media_type or DEFAULT_MEDIA_TYPE, binary_media_types)

    return matched


def with_gateway_responses(
    import_api: Callable[..., str], put: Callable[[str, str, Any], tuple[int, Any, Any]]
) -> Callable[..., str]:
    """Create the gateway responses of an OpenAPI body.

    AWS: imports them from the body, where SAM puts them.
    Emulator: ignores them there, and would return API Gateway's default responses.
    """

    @functools.wraps(import_api)
    def imported(spec: dict[str, Any], *arguments: Any) -> str:  # noqa: ANN401 - passed through
        api_id = import_api(spec, *arguments)
        for name, response in spec.get(GATEWAY_RESPONSES, {}).items():
            status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
            code, _, body = put(api_id, name, {**response, **status})
            if code >= HTTPStatus.BAD_REQUEST:
                raise ValueError(f"gateway response {name}: {body!r}")
        return api_id

    return imported


if __name__ == "__main__":
    apigateway_v1._media_type_matches = with_default_media_type(apigateway_v1._media_type_matches)  # noqa: SLF001 - as below
    apigateway_v1._import_rest_api = with_gateway_responses(  # noqa: SLF001 - as below
        apigateway_v1._import_rest_api,  # noqa: SLF001 - as below
        apigateway_v1._put_gateway_response,  # noqa: SLF001 - as below
    )
    lambda_svc._execute_function_warm = with_exception_name(lambda_svc._execute_function_warm)  # noqa: SLF001 - there is no public hook
    main()
