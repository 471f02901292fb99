"""The API's routes: what the functions serve and the OpenAPI document describes."""

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
        path: Path as the API document writes it, with ``{parameters}``.
        operation: Unique name, for generated clients and logs.
        summary: What it does, in a line.
        description: What a caller should know.
        own_errors: The error codes it can return, apart from those of every route.
        request_model: Name of the model of its body, if it takes one; see :mod:`installhub.contract.request_models`.
        response_model: Name of the model of its 200, if that is JSON; see :mod:`installhub.contract.response_models`.
            Names, not classes: no function needs the models of its responses.
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
    def errors(self) -> tuple[ErrorCode, ...]:
        """Every error code it can return."""
        return (*_COMMON_ERRORS, *self.own_errors)


EXPORT: Final = Route(
    "POST",
    f"{BASE_PATH}/export",
    "exportPackage",
    "Create a new package from specified artifacts",
    "Resolves everything the artifacts depend on, refuses what is broken and lists every reason, and publishes one "
    "immutable, reproducible bundle. A name and version can be exported once. With `Prefer: respond-async` the export "
    "is accepted and processed in the background; what can be refused at once is refused at once. With an "
    "`Idempotency-Key`, repeating the request returns the first response again, for 24 hours.",
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
    "Returns what an export of the artifacts would include, and in which order it would be installed. `warnings` lists "
    "what an export would refuse; a root that does not exist is refused here as well.",
    (*_BODY_ERRORS, ErrorCode.ARTIFACT_NOT_FOUND, ErrorCode.PACKAGE_TOO_LARGE),
    request_model="PreviewRequest",
    response_model="PreviewResponse",
)

GET_PACKAGE: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}",
    "getPackage",
    "Get package metadata and manifest",
    "The same response as that of the export that created the package. For an export accepted with "
    "`Prefer: respond-async`, it reports the progress, or why the export failed.",
    (ErrorCode.PACKAGE_NOT_FOUND,),
    response_model="PackageResponse",
)

DOWNLOAD: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}/download",
    "downloadPackage",
    "Download the ZIP bundle for a package",
    "The bundle's bytes, or a redirect to a link that is valid for five minutes if the bundle is too large for one "
    "response. A client that follows redirects sees no difference.",
    (ErrorCode.PACKAGE_NOT_FOUND,),
)

ROUTES: Final = (EXPORT, PREVIEW, GET_PACKAGE, DOWNLOAD)
