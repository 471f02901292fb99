"""Writes the gateway responses of template.yaml from the error registry, so that API Gateway's errors look like ours.

python -m tools.gateway_responses           rewrite the block between the markers
python tools/gateway_responses.py --check   fail if it would change
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from installhub.contract.bodies import PROBLEM_TYPE, problem_body
from installhub.model.errors import REGISTRY, ErrorCode, Problem

TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"
BEGIN: Final = "      # begin gateway responses\n"
END: Final = "      # end gateway responses\n"

NO_TOKEN: Final = {"WWW-Authenticate": "Bearer"}
BAD_TOKEN: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
RESPONSES: Final[dict[str, tuple[ErrorCode, dict[str, str]]]] = {
    "UNAUTHORIZED": (ErrorCode.UNAUTHORIZED, NO_TOKEN),
    "ACCESS_DENIED": (ErrorCode.UNAUTHORIZED, BAD_TOKEN),  # the authorizer denies what is no valid token
    "MISSING_AUTHENTICATION_TOKEN": (ErrorCode.NOT_FOUND, {}),  # what API Gateway calls an unknown route
    "RESOURCE_NOT_FOUND": (ErrorCode.NOT_FOUND, {}),
    "THROTTLED": (ErrorCode.RATE_LIMIT_EXCEEDED, {}),
    "QUOTA_EXCEEDED": (ErrorCode.RATE_LIMIT_EXCEEDED, {}),
    "REQUEST_TOO_LARGE": (ErrorCode.REQUEST_TOO_LARGE, {}),
    "UNSUPPORTED_MEDIA_TYPE": (ErrorCode.UNSUPPORTED_MEDIA_TYPE, {}),
    "BAD_REQUEST_BODY": (ErrorCode.INVALID_REQUEST, {}),
    "BAD_REQUEST_PARAMETERS": (ErrorCode.INVALID_REQUEST, {}),
    "INVALID_API_KEY": (ErrorCode.SERVICE_UNAVAILABLE, {}),  # a usage-plan key that the plan does not know yet
    "AUTHORIZER_FAILURE": (ErrorCode.SERVICE_UNAVAILABLE, {}),  # the issuer's keys cannot be had
    "INTEGRATION_FAILURE": (ErrorCode.SERVICE_UNAVAILABLE, {}),
    "INTEGRATION_TIMEOUT": (ErrorCode.SERVICE_UNAVAILABLE, {}),
    "AUTHORIZER_CONFIGURATION_ERROR": (ErrorCode.INTERNAL_ERROR, {}),
    "API_CONFIGURATION_ERROR": (ErrorCode.INTERNAL_ERROR, {}),
    "DEFAULT_4XX": (ErrorCode.INVALID_REQUEST, {}),
    "DEFAULT_5XX": (ErrorCode.INTERNAL_ERROR, {}),
}


def gateway_responses() -> dict[str, Any]:
    """The template's GatewayResponses."""
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


def rendered(text: str) -> str:
    """``text``, a template, with the block between the markers written anew. JSON is YAML, so quoting is sure."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = ["      GatewayResponses:\n"]
    for kind, response in gateway_responses().items():
        lines.append(f"        {kind}:\n")
        lines.append(f"          StatusCode: {response['StatusCode']}\n")
        lines.append("          ResponseParameters:\n            Headers:\n")
        lines.extend(
            f"              {name}: {json.dumps(value)}\n"
            for name, value in response["ResponseParameters"]["Headers"].items()
        )
        lines.append("          ResponseTemplates:\n")
        body = response["ResponseTemplates"]["application/json"].replace("'", "''")
        lines.append(f"            application/json: '{body}'\n")
    return f"{before}{BEGIN}{''.join(lines)}{END}{after}"


def main() -> int:
    """Run the command."""
    current = TEMPLATE.read_text()
    wanted = rendered(current)
    if "--check" in sys.argv:
        if current != wanted:
            print("template.yaml: gateway responses differ from the error registry; run `make responses`")
        return int(current != wanted)
    TEMPLATE.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
