"""The OpenAPI document, generated from the code of the API: routes, models and the error registry."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from pydantic import BaseModel

from installhub.contract import (
    attestation_models,
    diff_models,
    graph_models,
    package_models,
    request_models,
    response_models,
    sbom_models,
)
from installhub.contract.artifact_models import MODELS
from installhub.contract.problem_bodies import JSON_TYPE, MERGE_PATCH_TYPE, PROBLEM_TYPE, problem_body
from installhub.contract.request_models import RootsRequest
from installhub.contract.response_models import PendingResponse, ProblemDocument, json_schemas
from installhub.contract.routes import ROUTES, Route
from installhub.model.errors import REGISTRY, ErrorCode, MissingResourceError, Problem
from tools import examples
from tools.openapi.parameters import parameters_of
from tools.openapi.successes import REF, content_of, header, successes_of
from tools.project import metadata

_NOT_FOUND: Final = 404
_Model = BaseModel | RootsRequest

_DESCRIPTION: Final = (
    "InstallHub resolves everything that a few root artifacts of a tenant depend on, and publishes it as one "
    "immutable, reproducible ZIP bundle with a manifest and an install order.\n\n"
    "Every error, including those of API Gateway, is `application/problem+json` (RFC 9457) with an `errorCode`, and "
    "lists every problem found in `errors`."
)


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        paths[route.path][route.method.lower()] = _operation(route)
    named = dict.fromkeys(name for route in ROUTES for name in (route.request_model, route.response_model) if name)
    models = [*(_model(name) for name in named), PendingResponse, ProblemDocument]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "InstallHub",
            "version": metadata().version,
            "summary": "Exports solutions as immutable, reproducible, versioned bundles.",
            "description": _DESCRIPTION,
        },
        "servers": [
            {
                "url": "https://{apiId}.execute-api.{region}.amazonaws.com/{stage}",
                "variables": {
                    "apiId": {"default": "example"},
                    "region": {"default": "eu-central-1"},
                    "stage": {"default": "prod"},
                },
            }
        ],
        "security": [{"bearer": []}],
        "paths": dict(paths),
        "components": {
            "schemas": json_schemas(models, REF),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "RS256. Each route accepts the scopes in its `security`; one of them is sufficient.",
                }
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": route.description,
        "security": [{"bearer": [scope]} for scope in route.scopes],
        "parameters": parameters_of(route),
        "responses": {**successes_of(route), **_failures(route)},
    }
    if route.request_model is not None:
        media_type = MERGE_PATCH_TYPE if route.method == "PATCH" else JSON_TYPE
        operation["requestBody"] = {"required": True, "content": {media_type: content_of(route.request_model)}}
    return operation


def _model(name: str) -> type[_Model]:
    """The request or response model with this name.

    Raises:
        StopIteration: There is no such model.
    """
    modules = (
        request_models,
        attestation_models,
        sbom_models,
        graph_models,
        diff_models,
        package_models,
        response_models,
    )
    found: type[_Model] = MODELS.get(name) or next(getattr(module, name) for module in modules if hasattr(module, name))
    return found


def _failures(route: Route) -> dict[str, Any]:
    by_status: dict[int, list[ErrorCode]] = defaultdict(list)
    for code in route.errors:
        by_status[REGISTRY[code].status].append(code)
    if route.missing is not None:
        by_status[_NOT_FOUND].append(route.missing)
    return {str(status): _failure(status, of_status) for status, of_status in sorted(by_status.items())}


def _failure(status: int, codes: list[ErrorCode]) -> dict[str, Any]:
    headers = {}
    if any(REGISTRY[code].retry_after is not None for code in codes):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    if ErrorCode.UNAUTHORIZED in codes:
        headers["WWW-Authenticate"] = header("RFC 6750.")
    return {
        "description": "\n\n".join(f"`{code.value}`: {REGISTRY[code].description}" for code in codes),
        **({"headers": headers} if headers else {}),
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": REF.format(model=ProblemDocument.__name__)},
                "examples": {code.value: {"value": _problem_example(status, code)} for code in codes},
            }
        },
    }


def _problem_example(status: int, code: ErrorCode) -> dict[str, Any]:
    problem = examples.PROBLEMS.get(code, Problem(code, REGISTRY[code].description))
    if status == _NOT_FOUND and code is ErrorCode.ARTIFACT_NOT_FOUND:
        problem = MissingResourceError.artifact().problems[0]
    return problem_body([problem], instance="urn:uuid:3b1f2c9e-8c55-4d0b-9a51-0f2f6a6c7d10", status=status)
