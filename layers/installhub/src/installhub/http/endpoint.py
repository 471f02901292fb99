"""The decorator of HTTP handlers, which turns every error into a problem document."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from installhub.http.cors import CrossOriginPolicy
from installhub.http.request import Request
from installhub.http.responses import problem_response
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.settings import Settings
from installhub.runtime.telemetry import Handler, instrumented, log_refusal, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from installhub.contract.routes import Route
    from installhub.http.response import Response


def endpoint(route: Route) -> Callable[[Callable[[Request, LambdaContext], Response]], Handler]:
    """Turn a function that serves ``route`` into a Lambda handler, which responds to errors with problem documents."""

    def decorate(serve: Callable[[Request, LambdaContext], Response]) -> Handler:
        @instrumented
        @wraps(serve)
        def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
            logger.append_keys(operation=route.operation)
            request = Request(event, route.scopes)
            try:
                response = serve(request, context)
            except InstallHubError as error:
                log_refusal(error)
                response = problem_response(error, request)
            except Exception as error:
                logger.exception("unhandled exception", exc_info=error)
                response = problem_response(InstallHubError.of(ErrorCode.INTERNAL_ERROR), request)
            cors = CrossOriginPolicy.from_settings(Settings.from_environment())
            return response.with_headers(cors.response_headers(request.header("Origin"))).to_proxy_result()

        return handler

    return decorate
