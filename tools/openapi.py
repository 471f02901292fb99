"""Writes docs/openapi.json from what serves the API: routes, models and the error registry.

python -m tools.openapi           write it
python -m tools.openapi --check   fail if it would change
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

import installhub
from installhub.contract.bodies import JSON_TYPE, PROBLEM_TYPE, problem_body
from installhub.contract.request_models import ExportRequest, PreviewRequest
from installhub.contract.response_models import (
    PackageResponse,
    PendingResponse,
    PreviewResponse,
    ProblemDocument,
    json_schemas,
)
from installhub.contract.routes import DOWNLOAD, EXPORT, GET_PACKAGE, PREVIEW, ROUTES, Route
from installhub.http.headers import IDEMPOTENCY_HEADER, PREFER_HEADER, TENANT_HEADER
from installhub.identity.caller import EXPORT_SCOPE
from installhub.model.errors import REGISTRY, ErrorCode, Problem
from installhub.packages.bundle_store import CONTENT_TYPE
from tools import examples

PATH: Final = Path(__file__).parents[1] / "docs" / "openapi.json"
_REF: Final = "#/components/schemas/{model}"
_Model = BaseModel | PreviewRequest

_REQUESTS: Final[dict[Route, tuple[type[PreviewRequest], dict[str, Any]]]] = {
    EXPORT: (ExportRequest, examples.EXPORT_REQUEST),
    PREVIEW: (PreviewRequest, examples.PREVIEW_REQUEST),
}
_ANSWERS: Final[dict[Route, tuple[type[BaseModel], dict[str, Any]]]] = {
    EXPORT: (PackageResponse, examples.PACKAGE),
    PREVIEW: (PreviewResponse, examples.PREVIEW),
    GET_PACKAGE: (PackageResponse, examples.PACKAGE),
}
_PREFER: Final = {
    "name": PREFER_HEADER,
    "in": "header",
    "required": False,
    "description": "`respond-async`: do the export later (RFC 7240). For packages of thousands of artifacts.",
    "schema": {"type": "string"},
    "example": "respond-async",
}
_IDEMPOTENCY_KEY: Final = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "required": False,
    "description": (
        "Names the request among the caller's in the tenant, for 24 hours: the first answer is given again, be it a "
        "package, a promise or a refusal. Requests that are not sound, and answers with a 5xx, are not remembered."
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
    "description": "The tenant to act for, if the body does not say it; on GET it narrows to packages of this tenant.",
    "schema": {"type": "string", "maxLength": 256},
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of a bundle the client has.",
    "schema": {"type": "string"},
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        paths[route.path][route.method.lower()] = _operation(route)
    models: list[type[_Model]] = [
        *(ExportRequest, PreviewRequest),
        *(PackageResponse, PendingResponse, PreviewResponse, ProblemDocument),
    ]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "InstallHub",
            "version": _version(),
            "summary": "Exports solutions as immutable, reproducible, versioned bundles.",
            "description": installhub.__doc__,
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
        parameters.append(_IF_NONE_MATCH)
    if route is EXPORT:
        parameters += [_PREFER, _IDEMPOTENCY_KEY]
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": route.description,
        "parameters": parameters,
        "responses": {**_successes(route), **_failures(route.errors)},
    }
    if route in _REQUESTS:
        model, example = _REQUESTS[route]
        operation["requestBody"] = {"required": True, "content": {JSON_TYPE: _content(model, example)}}
    return operation


def _content(model: type[_Model], example: dict[str, Any]) -> dict[str, Any]:
    return {"schema": {"$ref": _REF.format(model=model.__name__)}, "example": example}


def _successes(route: Route) -> dict[str, Any]:
    if route is EXPORT:
        return {**_plain_success(route), "202": _ACCEPTED}
    if route is GET_PACKAGE:
        return {"200": _PACKAGE_OR_PENDING}
    if route is not DOWNLOAD:
        return _plain_success(route)
    etag = {"ETag": _header("Strong validator of the bundle.")}
    return {
        "200": {
            "description": "The bundle.",
            "headers": {
                **etag,
                "Content-Disposition": _header("The name to save it under (RFC 6266)."),
                "Repr-Digest": _header("SHA-256 of the bytes (RFC 9530)."),
            },
            "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
        "304": {"description": "The client has this bundle.", "headers": etag},
        "307": {
            "description": "The bundle is large; it is behind the link.",
            "headers": {**etag, "Location": _header("A link that lives five minutes.")},
        },
    }


def _plain_success(route: Route) -> dict[str, Any]:
    return {"200": {"description": route.summary, "content": {JSON_TYPE: _content(*_ANSWERS[route])}}}


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


_RETRY_AFTER: Final = {"description": "Seconds to wait before looking again.", "schema": {"type": "integer"}}
_ACCEPTED: Final = {
    "description": "The export will be done. `Location` tells how far it is.",
    "headers": {
        "Location": _header("Of the package, relative to this request."),
        "Retry-After": _RETRY_AFTER,
        "Preference-Applied": _header("`respond-async`"),
    },
    "content": {JSON_TYPE: _content(PendingResponse, examples.PENDING)},
}
_PACKAGE_OR_PENDING: Final = {
    "description": "The package; or how far an export accepted with `Prefer: respond-async` is, or why it failed.",
    "headers": {"Retry-After": {**_RETRY_AFTER, "description": "While the export is not over: when to look again."}},
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
            print("docs/openapi.json differs from the code; run `make openapi`")
        return int(stale)
    PATH.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
