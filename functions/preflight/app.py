"""OPTIONS of every path: answers the preflight requests of browsers (CORS)."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from installhub.composition.process import settings
from installhub.contract.routes import methods_of
from installhub.http.cors import CrossOriginPolicy
from installhub.http.request import Request
from installhub.http.response import Response
from installhub.runtime.telemetry import instrumented


@instrumented
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the methods of the path and, if the page's origin is allowed, what its requests may contain.

    There is no authorizer: browsers send preflight requests without credentials.
    """
    request = Request(event)
    methods = methods_of(request.resource)
    cors = CrossOriginPolicy.from_settings(settings())
    headers = {"Allow": ", ".join(methods), **cors.preflight_headers(request.header("Origin"), methods)}
    return Response(204, headers).to_proxy_result()
