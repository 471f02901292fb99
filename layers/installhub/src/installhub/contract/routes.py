"""The API's routes, which the functions serve and the OpenAPI document describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from installhub.model.errors import ErrorCode

BASE_PATH: Final = "/api/installhub/packages"

_COMMON_ERRORS: Final = (
    ErrorCode.UNAUTHORIZED,
    ErrorCode.INSUFFICIENT_SCOPE,
    ErrorCode.TENANT_MISMATCH,
    ErrorCode.RATE_LIMIT_EXCEEDED,
    ErrorCode.SERVICE_UNAVAILABLE,
    ErrorCode.INTERNAL_ERROR,
)
_BODY_ERRORS: Final = (ErrorCode.REQUEST_TOO_LARGE, ErrorCode.INVALID_REQUEST)


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the API.

    Attributes:
        method: HTTP method.
        path: Path template, with ``{parameters}``.
        operation: Unique name, for generated clients and logs.
        summary: One-line summary.
        description: Details for callers.
        own_errors: The error codes it can return, in addition to those of all routes.
        request_model: Name of the model of the request body, if there is one, in
            :mod:`installhub.contract.request_models`.
        response_model: Name of the model of the body of a 200 response, if that is JSON, in
            :mod:`installhub.contract.response_models`; not the class, because functions do not import that module.
    """

    method: str
    path: str
    operation: str
    summary: str
    description: str
    own_errors: tuple[ErrorCode, ...]
    request_model: str | None = None
    response_model: str | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are served: a function that serves GET also serves HEAD."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    @property
    def errors(self) -> tuple[ErrorCode, ...]:
        """All error codes it can return."""
        return (*_COMMON_ERRORS, *self.own_errors)


EXPORT: Final = Route(
    "POST",
    f"{BASE_PATH}/export",
    "exportPackage",
    "Create a new package from specified artifacts",
    "Resolves all dependencies of the artifacts and publishes an immutable, reproducible bundle, or refuses the export "
    "with every reason. A name and version can be exported once. With `Prefer: respond-async`, the request is "
    "validated immediately and the export is processed in the background. With an `Idempotency-Key`, repeating the "
    "request within 24 hours returns the first response again.",
    (
        *_BODY_ERRORS,
        ErrorCode.INVALID_VERSION,
        ErrorCode.ARTIFACT_NOT_FOUND,
        ErrorCode.CIRCULAR_DEPENDENCY,
        ErrorCode.INCOMPLETE_ARTIFACT,
        ErrorCode.PACKAGE_TYPE_MISMATCH,
        ErrorCode.PACKAGE_TOO_LARGE,
        ErrorCode.VERSION_CONFLICT,
        ErrorCode.EXPORT_TAKES_TOO_LONG,
        ErrorCode.IDEMPOTENCY_KEY_REUSED,
        ErrorCode.IDEMPOTENCY_KEY_IN_USE,
    ),
    request_model="ExportRequest",
    response_model="PackageResponse",
)

PREVIEW: Final = Route(
    "POST",
    f"{BASE_PATH}/preview",
    "previewPackage",
    "Preview dependency graph without creating a bundle",
    "Returns the artifacts that an export would include, and their install order. `warnings` lists every reason why an "
    "export would be refused, except root artifacts that do not exist, which cause an error.",
    (*_BODY_ERRORS, ErrorCode.ARTIFACT_NOT_FOUND, ErrorCode.PACKAGE_TOO_LARGE),
    request_model="PreviewRequest",
    response_model="PreviewResponse",
)

GET_PACKAGE: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}",
    "getPackage",
    "Get package metadata and manifest",
    "Returns the same response as the export that created the package. For an export that was accepted with "
    "`Prefer: respond-async`, returns its progress, or why it failed.",
    (ErrorCode.PACKAGE_NOT_FOUND,),
    response_model="PackageResponse",
)

DOWNLOAD: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}/download",
    "downloadPackage",
    "Download the ZIP bundle for a package",
    "Returns the bundle, or redirects to a URL that is valid for five minutes if the bundle is too large for a "
    "response. Clients should follow redirects. A `Range` of the bundle can be requested, for example to resume a "
    "download.",
    (ErrorCode.PACKAGE_NOT_FOUND, ErrorCode.RANGE_NOT_SATISFIABLE),
)

ROUTES: Final = (EXPORT, PREVIEW, GET_PACKAGE, DOWNLOAD)


def methods_of(path: str) -> tuple[str, ...]:
    """The methods of all routes with the path template ``path``, and OPTIONS."""
    methods = [method for route in ROUTES if route.path == path for method in route.methods]
    return (*dict.fromkeys(methods), "OPTIONS")
