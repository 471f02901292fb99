"""The API's routes, in this place and no other: what the functions serve and the documents describe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from installhub.errors import ErrorCode

BASE_PATH: Final = "/api/installhub/packages"
REQUIRED_SCOPE: Final = "installhub:export"
TENANT_HEADER: Final = "X-Tenant-Id"

_ANYWHERE: Final = (
    ErrorCode.UNAUTHORIZED,
    ErrorCode.INSUFFICIENT_SCOPE,
    ErrorCode.TENANT_MISMATCH,
    ErrorCode.RATE_LIMIT_EXCEEDED,
    ErrorCode.SERVICE_UNAVAILABLE,
    ErrorCode.INTERNAL_ERROR,
)


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the API.

    Attributes:
        method: HTTP method.
        path: Path as the API document writes it, with ``{parameters}``.
        operation: Unique name, for generated clients.
        summary: What it does, in a line.
        description: What a caller should know.
        errors: Every code it can answer with.
    """

    method: str
    path: str
    operation: str
    summary: str
    description: str
    errors: tuple[ErrorCode, ...]


EXPORT: Final = Route(
    method="POST",
    path=f"{BASE_PATH}/export",
    operation="exportPackage",
    summary="Create a new package from specified artifacts",
    description=(
        "Resolves everything the artifacts depend on, refuses what is broken and lists every reason, and publishes "
        "one immutable, reproducible bundle. A name and version can be exported once. With `Prefer: respond-async` "
        "the export is done later; what can be refused at once is. With an `Idempotency-Key` the first answer is "
        "given again, for a day."
    ),
    errors=(
        *_ANYWHERE,
        ErrorCode.REQUEST_TOO_LARGE,
        ErrorCode.INVALID_REQUEST,
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
)

PREVIEW: Final = Route(
    method="POST",
    path=f"{BASE_PATH}/preview",
    operation="previewPackage",
    summary="Preview dependency graph without creating a bundle",
    description=(
        "Returns what an export of the artifacts would include and in which order it would be installed. What an "
        "export would refuse is in `warnings`; only a root that does not exist is refused here too."
    ),
    errors=(
        *_ANYWHERE,
        ErrorCode.REQUEST_TOO_LARGE,
        ErrorCode.INVALID_REQUEST,
        ErrorCode.ARTIFACT_NOT_FOUND,
        ErrorCode.PACKAGE_TOO_LARGE,
    ),
)

GET_PACKAGE: Final = Route(
    method="GET",
    path=f"{BASE_PATH}/{{packageId}}",
    operation="getPackage",
    summary="Get package metadata and manifest",
    description=(
        "The same answer as that of the export that made the package. Of an export accepted with "
        "`Prefer: respond-async` it tells how far it is, and why it failed should it fail."
    ),
    errors=(*_ANYWHERE, ErrorCode.PACKAGE_NOT_FOUND),
)

DOWNLOAD: Final = Route(
    method="GET",
    path=f"{BASE_PATH}/{{packageId}}/download",
    operation="downloadPackage",
    summary="Download the ZIP bundle for a package",
    description=(
        "The bundle's bytes, or a redirect to a link that lives five minutes when the bundle is too large for one "
        "answer. Follow redirects and you see no difference."
    ),
    errors=(*_ANYWHERE, ErrorCode.PACKAGE_NOT_FOUND),
)

ROUTES: Final = (EXPORT, PREVIEW, GET_PACKAGE, DOWNLOAD)
