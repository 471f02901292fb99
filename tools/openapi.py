"""Generates docs/openapi.json from the code of the API: routes, models and the error registry.

python -m tools.openapi           write it
python -m tools.openapi --check   fail if it is out of date
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from installhub.contract import request_models, response_models
from installhub.contract.request_models import PreviewRequest
from installhub.contract.response_bodies import JSON_TYPE, PROBLEM_TYPE, problem_body
from installhub.contract.response_models import PackageResponse, PendingResponse, ProblemDocument, json_schemas
from installhub.contract.routes import DOWNLOAD, EXPORT, GET_PACKAGE, ROUTES, Route
from installhub.http.headers import IDEMPOTENCY_HEADER, PREFER_HEADER, TENANT_HEADER
from installhub.identity.caller import EXPORT_SCOPE
from installhub.model.errors import REGISTRY, ErrorCode, Problem
from installhub.packages.bundle_store import CONTENT_TYPE
from tools import examples

PATH: Final = Path(__file__).parents[1] / "docs" / "openapi.json"
_REF: Final = "#/components/schemas/{model}"
_Model = BaseModel | PreviewRequest

_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "ExportRequest": examples.EXPORT_REQUEST,
    "PackageResponse": examples.PACKAGE,
    "PreviewRequest": examples.PREVIEW_REQUEST,
    "PreviewResponse": examples.PREVIEW,
}
"""Examples by model name."""

_DESCRIPTION: Final = (
    "InstallHub resolves everything that a few root artifacts of a tenant depend on, and publishes it as one "
    "immutable, reproducible ZIP bundle with a manifest and an install order.\n\n"
    "Every error, including those of API Gateway, is `application/problem+json` (RFC 9457) with an `errorCode`, and "
    "lists every problem found in `errors`."
)
_PREFER: Final = {
    "name": PREFER_HEADER,
    "in": "header",
    "required": False,
    "description": "`respond-async`: export asynchronously (RFC 7240). For packages with thousands of artifacts.",
    "schema": {"type": "string"},
    "example": "respond-async",
}
_IDEMPOTENCY_KEY: Final = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "required": False,
    "description": (
        "Identifies the request among the caller's requests for the tenant for 24 hours. Repeating the request returns "
        "the first response again, whether a package, an accepted export or a refusal. Invalid requests and 5xx "
        "responses are not stored."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 257},
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}
_PACKAGE_ID: Final = {
    "name": "packageId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^pkg-[0-9a-f-]{36}$"},
    "example": examples.PACKAGE_ID,
}
_TENANT: Final = {
    "name": TENANT_HEADER,
    "in": "header",
    "required": False,
    "description": "The tenant to act for, if the body contains none; on GET, only packages of this tenant are found.",
    "schema": {"type": "string", "maxLength": 256},
}
_RANGE: Final = {
    "name": "Range",
    "in": "header",
    "required": False,
    "description": "One range of bytes (RFC 9110, 14.2). With `If-Range`, it is ignored if the ETag differs.",
    "schema": {"type": "string"},
    "example": "bytes=1048576-",
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of a bundle that the client already has.",
    "schema": {"type": "string"},
}


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
            "version": _version(),
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
        "security": [{"bearer": [EXPORT_SCOPE]}],
        "paths": dict(paths),
        "components": {
            "schemas": json_schemas(models, _REF),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": f"RS256; needs the scope {EXPORT_SCOPE}.",
                }
            },
        },
    }


def _version() -> str:
    text = (Path(__file__).parents[1] / "layers" / "installhub" / "pyproject.toml").read_text()
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith("version"))


def _operation(route: Route) -> dict[str, Any]:
    parameters = [_TENANT]
    if "{packageId}" in route.path:
        parameters.insert(0, _PACKAGE_ID)
    if route is DOWNLOAD:
        parameters += [_IF_NONE_MATCH, _RANGE]
    if route is EXPORT:
        parameters += [_PREFER, _IDEMPOTENCY_KEY]
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": route.description,
        "parameters": parameters,
        "responses": {**_successes(route), **_failures(route.errors)},
    }
    if route.request_model is not None:
        operation["requestBody"] = {"required": True, "content": {JSON_TYPE: _content(route.request_model)}}
    return operation


def _model(name: str) -> type[_Model]:
    """The request or response model with this name.

    Raises:
        AttributeError: There is no such model.
    """
    found: type[_Model] = getattr(request_models if hasattr(request_models, name) else response_models, name)
    return found


def _content(model: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": _REF.format(model=model)}}
    return {**schema, "example": _EXAMPLES[model]} if model in _EXAMPLES else schema


def _successes(route: Route) -> dict[str, Any]:
    if route is EXPORT:
        return {**_json_success(route), "202": _ACCEPTED}
    if route is GET_PACKAGE:
        return {"200": _PACKAGE_OR_PENDING}
    if route is not DOWNLOAD:
        return _json_success(route)
    etag = {"ETag": _header("Strong validator of the bundle.")}
    headers = {
        **etag,
        "Content-Disposition": _header("The file name of the bundle (RFC 6266)."),
        "Repr-Digest": _header("SHA-256 of the whole bundle (RFC 9530)."),
    }
    content = {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "200": {"description": "The bundle.", "headers": headers, "content": content},
        "206": {
            "description": "The requested range of the bundle.",
            "headers": {**headers, "Content-Range": _header("Position of the range, and size of the bundle.")},
            "content": content,
        },
        "304": {"description": "The client already has this bundle.", "headers": etag},
        "307": {
            "description": "The bundle is large; download it from `Location`.",
            "headers": {**etag, "Location": _header("A presigned URL, valid for five minutes.")},
        },
    }


def _json_success(route: Route) -> dict[str, Any]:
    content = {} if route.response_model is None else {"content": {JSON_TYPE: _content(route.response_model)}}
    return {"200": {"description": route.summary, **content}}


def _failures(codes: Iterable[ErrorCode]) -> dict[str, Any]:
    by_status: dict[int, list[ErrorCode]] = defaultdict(list)
    for code in codes:
        by_status[REGISTRY[code].status].append(code)
    return {str(status): _failure(of_status) for status, of_status in sorted(by_status.items())}


def _failure(codes: list[ErrorCode]) -> dict[str, Any]:
    headers = {}
    if any(REGISTRY[code].retry_after is not None for code in codes):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    if ErrorCode.UNAUTHORIZED in codes:
        headers["WWW-Authenticate"] = _header("RFC 6750.")
    return {
        "description": "\n\n".join(f"`{code.value}`: {REGISTRY[code].description}" for code in codes),
        **({"headers": headers} if headers else {}),
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": _REF.format(model=ProblemDocument.__name__)},
                "examples": {code.value: {"value": _problem_example(code)} for code in codes},
            }
        },
    }


def _problem_example(code: ErrorCode) -> dict[str, Any]:
    problem = examples.PROBLEMS.get(code, Problem(code, REGISTRY[code].description))
    return problem_body([problem], instance="urn:uuid:3b1f2c9e-8c55-4d0b-9a51-0f2f6a6c7d10")


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


_RETRY_AFTER: Final = {"description": "Seconds to wait before the next request.", "schema": {"type": "integer"}}
_ACCEPTED: Final = {
    "description": "The export was accepted. Follow its progress at `Location`.",
    "headers": {
        "Location": _header("URL of the package, relative to this request."),
        "Retry-After": _RETRY_AFTER,
        "Preference-Applied": _header("`respond-async`"),
    },
    "content": {
        JSON_TYPE: {
            "schema": {"$ref": _REF.format(model=PendingResponse.__name__)},
            "example": examples.PENDING,
        }
    },
}
_PACKAGE_OR_PENDING: Final = {
    "description": "The package, or the status of an export that was accepted with `Prefer: respond-async`.",
    "headers": {
        "Retry-After": {
            **_RETRY_AFTER,
            "description": "While the export is pending: seconds to wait before the next request.",
        }
    },
    "content": {
        JSON_TYPE: {
            "schema": {
                "oneOf": [{"$ref": _REF.format(model=model.__name__)} for model in (PackageResponse, PendingResponse)],
            },
            "examples": {
                "exported": {"value": examples.PACKAGE},
                "exporting": {"value": examples.PENDING_EXPORTING},
                "failed": {"value": examples.PENDING_FAILED},
            },
        }
    },
}


def main() -> int:
    """Run the command."""
    wanted = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        stale = not PATH.exists() or PATH.read_text() != wanted
        if stale:
            print("docs/openapi.json is out of date; run `make openapi`")
        return int(stale)
    PATH.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
