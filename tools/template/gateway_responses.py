"""The gateway responses: API Gateway's own error responses, in the format of all other errors."""

from __future__ import annotations

import json
from typing import Any, Final

from installhub.contract.problem_bodies import PROBLEM_TYPE, problem_body
from installhub.http.cors import ALLOW_ORIGIN, EXPOSE_HEADERS, EXPOSED_HEADERS
from installhub.model.errors import REGISTRY, ErrorCode, Problem

NO_TOKEN: Final = {"WWW-Authenticate": "Bearer"}
BAD_TOKEN: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

# A gateway response cannot depend on the request's origin (its templates are not processed, its headers are constants
# or copies). So its headers allow the only allowed origin, or any page if there are several; see docs/decisions/0045.
CORS: Final = {
    ALLOW_ORIGIN: "&allowOrigin !If [BrowsersMayCall, !If [SeveralOriginsAreAllowed, \"'*'\", "
    "!Sub \"'${AllowedOrigins}'\"], !Ref AWS::NoValue]",
    EXPOSE_HEADERS: f"&exposeHeaders !If [BrowsersMayCall, \"'{', '.join(EXPOSED_HEADERS)}'\", !Ref AWS::NoValue]",
    "Vary": "&vary !If [BrowsersMayCall, \"'Origin'\", !Ref AWS::NoValue]",
}
"""YAML of the headers for browsers, with the anchors that all responses but the first refer to."""

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
RESPONSES: Final[dict[str, tuple[ErrorCode, dict[str, str]]]] = {
    "UNAUTHORIZED": (ErrorCode.UNAUTHORIZED, NO_TOKEN),
    "ACCESS_DENIED": (ErrorCode.UNAUTHORIZED, BAD_TOKEN),  # the authorizer denies an invalid token
    "MISSING_AUTHENTICATION_TOKEN": (ErrorCode.NOT_FOUND, {}),  # API Gateway's name for an unknown route
    "RESOURCE_NOT_FOUND": (ErrorCode.NOT_FOUND, {}),
    "THROTTLED": (ErrorCode.RATE_LIMIT_EXCEEDED, {}),
    "QUOTA_EXCEEDED": (ErrorCode.RATE_LIMIT_EXCEEDED, {}),
    "REQUEST_TOO_LARGE": (ErrorCode.REQUEST_TOO_LARGE, {}),
    "UNSUPPORTED_MEDIA_TYPE": (ErrorCode.UNSUPPORTED_MEDIA_TYPE, {}),
    "BAD_REQUEST_BODY": (ErrorCode.INVALID_REQUEST, {}),
    "BAD_REQUEST_PARAMETERS": (ErrorCode.INVALID_REQUEST, {}),
    "INVALID_API_KEY": (ErrorCode.SERVICE_UNAVAILABLE, {}),  # a usage-plan key that has not reached the plan yet
    "AUTHORIZER_FAILURE": (ErrorCode.SERVICE_UNAVAILABLE, {}),  # the issuer's keys are unavailable
    "INTEGRATION_FAILURE": (ErrorCode.SERVICE_UNAVAILABLE, {}),
    "INTEGRATION_TIMEOUT": (ErrorCode.SERVICE_UNAVAILABLE, {}),
    "AUTHORIZER_CONFIGURATION_ERROR": (ErrorCode.INTERNAL_ERROR, {}),
    "API_CONFIGURATION_ERROR": (ErrorCode.INTERNAL_ERROR, {}),
    "DEFAULT_4XX": (ErrorCode.INVALID_REQUEST, {}),
    "DEFAULT_5XX": (ErrorCode.INTERNAL_ERROR, {}),
}


def gateway_responses() -> dict[str, Any]:
    """The gateway responses by type."""
    return {kind: _response(code, headers) for kind, (code, headers) in RESPONSES.items()}


def _response(code: ErrorCode, extra_headers: dict[str, str]) -> dict[str, Any]:
    kind = REGISTRY[code]
    headers = {"Content-Type": PROBLEM_TYPE, "Cache-Control": "no-store", **extra_headers}
    if kind.retry_after is not None:
        headers["Retry-After"] = str(kind.retry_after)
    body = problem_body([Problem(code, kind.description)], instance="urn:uuid:$context.requestId")
    return {
        "StatusCode": kind.status,
        "ResponseParameters": {"Headers": {name: f"'{value}'" for name, value in headers.items()}},
        "ResponseTemplates": {"application/json": json.dumps(body)},
    }


def render(_template: str) -> str:
    """The gateway responses' block of template.yaml. JSON strings are valid YAML, so no other quoting is needed."""
    lines = ["      GatewayResponses:\n"]
    cors = CORS
    for kind, response in gateway_responses().items():
        lines.append(f"        {kind}:\n")
        lines.append(f"          StatusCode: {response['StatusCode']}\n")
        lines.append("          ResponseParameters:\n            Headers:\n")
        lines.extend(
            f"              {name}: {json.dumps(value)}\n"
            for name, value in response["ResponseParameters"]["Headers"].items()
        )
        lines.extend(f"              {name}: {value}\n" for name, value in cors.items())
        cors = {name: value.partition(" ")[0].replace("&", "*") for name, value in CORS.items()}
        lines.append("          ResponseTemplates:\n")
        body = response["ResponseTemplates"]["application/json"].replace("'", "''")
        lines.append(f"            application/json: '{body}'\n")
    return "".join(lines)
