"""The error registry: the status, title and description of every error code, and the exceptions that carry problems.

Domain code and adapters raise :class:`InstallHubError` with problems; ``http`` looks up the status here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final


class ErrorCode(StrEnum):
    """Every ``errorCode``, most important first: of several problems, the first in this order is the response's."""

    UNAUTHORIZED = "Unauthorized"
    INSUFFICIENT_SCOPE = "InsufficientScope"
    REQUEST_TOO_LARGE = "RequestTooLarge"
    INVALID_REQUEST = "InvalidRequest"
    INVALID_VERSION = "InvalidVersion"
    INVALID_CURSOR = "InvalidCursor"
    TENANT_MISMATCH = "TenantMismatch"
    ARTIFACT_NOT_FOUND = "ArtifactNotFound"
    CIRCULAR_DEPENDENCY = "CircularDependency"
    INCOMPLETE_ARTIFACT = "IncompleteArtifact"
    PACKAGE_TYPE_MISMATCH = "PackageTypeMismatch"
    REQUIREMENT_CONFLICT = "RequirementConflict"
    UNDECLARED_REFERENCE = "UndeclaredReference"
    SECRET_FOUND = "SecretFound"  # noqa: S105  # not a password
    PACKAGE_TOO_LARGE = "PackageTooLarge"
    VERSION_TOO_LOW = "VersionTooLow"
    VERSION_CONFLICT = "VersionConflict"
    PRECONDITION_FAILED = "PreconditionFailed"
    PLAN_CHANGED = "PlanChanged"
    ARTIFACT_IN_USE = "ArtifactInUse"
    EXPORT_TAKES_TOO_LONG = "ExportTakesTooLong"
    IDEMPOTENCY_KEY_REUSED = "IdempotencyKeyReused"
    IDEMPOTENCY_KEY_IN_USE = "IdempotencyKeyInUse"
    PACKAGE_NOT_FOUND = "PackageNotFound"
    ATTESTATION_NOT_FOUND = "AttestationNotFound"
    RANGE_NOT_SATISFIABLE = "RangeNotSatisfiable"
    NOT_FOUND = "NotFound"
    UNSUPPORTED_MEDIA_TYPE = "UnsupportedMediaType"
    RATE_LIMIT_EXCEEDED = "RateLimitExceeded"
    SERVICE_UNAVAILABLE = "ServiceUnavailable"
    INTERNAL_ERROR = "InternalError"


_TRANSIENT: Final = frozenset(
    {
        ErrorCode.EXPORT_TAKES_TOO_LONG,
        ErrorCode.IDEMPOTENCY_KEY_IN_USE,
        ErrorCode.SERVICE_UNAVAILABLE,
        ErrorCode.INTERNAL_ERROR,
    }
)
_PRECEDENCE: Final[Mapping[ErrorCode, int]] = MappingProxyType({code: rank for rank, code in enumerate(ErrorCode)})


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """The properties of an error code.

    Attributes:
        status: HTTP status of a response with this code.
        title: Short summary, the same for every occurrence (RFC 9457, 3.1.3).
        description: When it occurs and what to do about it; the default ``detail``, and part of the API document.
        retry_after: Value of ``Retry-After`` in seconds (RFC 9110, 10.2.3); None if retrying does not help.
    """

    status: int
    title: str
    description: str
    retry_after: int | None = None


REGISTRY: Final[Mapping[ErrorCode, ErrorKind]] = MappingProxyType(
    {
        ErrorCode.UNAUTHORIZED: ErrorKind(
            401, "Authentication required", "The bearer token is missing or invalid. Get a new token."
        ),
        ErrorCode.INSUFFICIENT_SCOPE: ErrorKind(
            403, "Scope missing", "The token has none of the scopes that the route accepts; `detail` names them."
        ),
        ErrorCode.REQUEST_TOO_LARGE: ErrorKind(
            413, "Request too large", "The request body exceeds the limit. Request fewer artifacts."
        ),
        ErrorCode.INVALID_REQUEST: ErrorKind(
            400,
            "Invalid request",
            "The body is not JSON, or a field is missing, unknown, or of the wrong type or length; `pointer` names it.",
        ),
        ErrorCode.INVALID_VERSION: ErrorKind(
            400, "Invalid version", "The version does not follow SemVer 2.0.0, such as 2.1.0 or 2.1.0-rc.1."
        ),
        ErrorCode.INVALID_CURSOR: ErrorKind(
            400,
            "Invalid cursor",
            "The `cursor` does not belong to this list, its filters and its tenant. Start again without it.",
        ),
        ErrorCode.TENANT_MISMATCH: ErrorKind(
            403,
            "Tenant mismatch",
            "The tenant is not one of the caller's, header and body name different tenants, or a requested artifact "
            "belongs to another tenant.",
        ),
        ErrorCode.ARTIFACT_NOT_FOUND: ErrorKind(
            400, "Artifact not found", "A root artifact or a dependency does not exist in the tenant."
        ),
        ErrorCode.CIRCULAR_DEPENDENCY: ErrorKind(
            400,
            "Circular dependency",
            "Artifacts depend on each other in a cycle; `cycle` is the closed path.",
        ),
        ErrorCode.INCOMPLETE_ARTIFACT: ErrorKind(
            400,
            "Incomplete artifact",
            "An artifact of the closure is a draft or incomplete. Publish it first.",
        ),
        ErrorCode.PACKAGE_TYPE_MISMATCH: ErrorKind(
            400,
            "Package type mismatch",
            "No root artifact has a type that the packageType requires, or a config-package contains an artifact that "
            "is not configuration.",
        ),
        ErrorCode.REQUIREMENT_CONFLICT: ErrorKind(
            400,
            "Requirement conflict",
            "Artifacts declare a requirement of the same name differently; `requiredBy` names them.",
        ),
        ErrorCode.UNDECLARED_REFERENCE: ErrorKind(
            400,
            "Undeclared reference",
            "A definition contains the id of an artifact that is not declared as a dependency; `pointer` leads to it "
            "in the definition, `reference` is the id.",
        ),
        ErrorCode.SECRET_FOUND: ErrorKind(
            400,
            "Secret found",
            "An artifact contains what looks like a password or key; `pointer` leads to it. Remove it, or acknowledge "
            "the finding when publishing the artifact.",
        ),
        ErrorCode.PACKAGE_TOO_LARGE: ErrorKind(
            400, "Package too large", "The package exceeds a configured limit; `detail` contains the limit."
        ),
        ErrorCode.VERSION_TOO_LOW: ErrorKind(
            400,
            "Version too low",
            "The changes since the previous version require a higher version: `suggested` or above.",
        ),
        ErrorCode.VERSION_CONFLICT: ErrorKind(
            409,
            "Version conflict",
            "A package with this name and version already exists. Choose a new version.",
        ),
        ErrorCode.PRECONDITION_FAILED: ErrorKind(
            412,
            "Precondition failed",
            "The artifact or package is not in the state that `If-Match` or `If-None-Match` expects. Get it again.",
        ),
        ErrorCode.PLAN_CHANGED: ErrorKind(
            412,
            "Plan changed",
            "What would be exported differs from the preview in `If-Match`; each problem names an artifact and its "
            "`change`. Preview again.",
        ),
        ErrorCode.ARTIFACT_IN_USE: ErrorKind(
            409, "Artifact in use", "Published artifacts depend on the artifact; `requiredBy` names all of them."
        ),
        ErrorCode.EXPORT_TAKES_TOO_LONG: ErrorKind(
            400,
            "Export takes too long",
            "The export would exceed the time limit of a response. Nothing was exported; repeat the request with "
            "`Prefer: respond-async`.",
        ),
        ErrorCode.IDEMPOTENCY_KEY_REUSED: ErrorKind(
            422,
            "Idempotency key reused",
            "The `Idempotency-Key` was already used with a different request. Use a new key for each request.",
        ),
        ErrorCode.IDEMPOTENCY_KEY_IN_USE: ErrorKind(
            409,
            "Idempotency key in use",
            "The first request with this `Idempotency-Key` is still in progress. Try again later.",
        ),
        ErrorCode.PACKAGE_NOT_FOUND: ErrorKind(
            404, "Package not found", "The package does not exist in any of the caller's tenants."
        ),
        ErrorCode.ATTESTATION_NOT_FOUND: ErrorKind(
            404,
            "Package not signed",
            "The package was exported before packages were signed. The operator can sign it: `make sign-packages`.",
        ),
        ErrorCode.RANGE_NOT_SATISFIABLE: ErrorKind(
            416,
            "Range not satisfiable",
            "The `Range` starts after the end of the bundle; `Content-Range` contains its size.",
        ),
        ErrorCode.NOT_FOUND: ErrorKind(404, "Not found", "The API has no route with this path and method."),
        ErrorCode.UNSUPPORTED_MEDIA_TYPE: ErrorKind(
            415, "Unsupported media type", "Send the body as application/json."
        ),
        ErrorCode.RATE_LIMIT_EXCEEDED: ErrorKind(
            429,
            "Too many requests",
            "The tenant's rate limit is reached. Retry after `Retry-After` seconds.",
            retry_after=1,
        ),
        ErrorCode.SERVICE_UNAVAILABLE: ErrorKind(
            503,
            "Service unavailable",
            "A backing service is unavailable. Nothing was changed; retry after `Retry-After` seconds.",
            retry_after=5,
        ),
        ErrorCode.INTERNAL_ERROR: ErrorKind(
            500, "Internal error", "The service failed unexpectedly. Report it with the request id in `instance`."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, with its location.

    Attributes:
        code: The kind of problem.
        detail: Human-readable explanation.
        artifact_id: The affected artifact.
        required_by: Ids of all artifacts of the closure that depend on it.
        cycle: A closed path of artifact ids; the first and the last are the same.
        pointer: JSON pointer into the request body, the artifact's definition, or for SecretFound the artifact as it is
            published (RFC 6901).
        change: How the affected artifact differs from what was expected: added, removed or modified.
        reference: Id of the artifact that the affected one refers to.
        suggested: A version that would be accepted.
    """

    code: ErrorCode
    detail: str
    artifact_id: str | None = None
    required_by: tuple[str, ...] | None = None
    cycle: tuple[str, ...] | None = None
    pointer: str | None = None
    change: str | None = None
    reference: str | None = None
    suggested: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The problem as a member of ``errors`` or ``warnings``, without the fields that do not apply."""
        fields: dict[str, Any] = {
            "errorCode": self.code.value,
            "detail": self.detail,
            "artifactId": self.artifact_id,
            "requiredBy": None if self.required_by is None else list(self.required_by),
            "cycle": None if self.cycle is None else list(self.cycle),
            "pointer": self.pointer,
            "change": self.change,
            "reference": self.reference,
            "suggested": self.suggested,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Problem:
        """The inverse of :meth:`as_json`."""
        return cls(
            code=ErrorCode(fields["errorCode"]),
            detail=fields["detail"],
            artifact_id=fields.get("artifactId"),
            required_by=tuple(fields["requiredBy"]) if "requiredBy" in fields else None,
            cycle=tuple(fields["cycle"]) if "cycle" in fields else None,
            pointer=fields.get("pointer"),
            change=fields.get("change"),
            reference=fields.get("reference"),
            suggested=fields.get("suggested"),
        )


class InstallHubError(Exception):
    """A refused or failed request, with every reason found.

    Attributes:
        problems: At least one, most important first.
        code: The code of the first problem.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted_by_precedence(problems))
        self.code = self.problems[0].code
        super().__init__(self.code.value)

    @property
    def kind(self) -> ErrorKind:
        """The registry entry of the most important problem."""
        return REGISTRY[self.code]

    @property
    def is_final(self) -> bool:
        """Whether repeating the same request would fail again, as opposed to a transient failure."""
        return self.code not in _TRANSIENT

    @classmethod
    def of(cls, code: ErrorCode, detail: str | None = None, *, pointer: str | None = None) -> InstallHubError:
        """An error with a single problem; ``detail`` defaults to the description in the registry."""
        return cls([Problem(code, detail or REGISTRY[code].description, pointer=pointer)])


class MissingResourceError(InstallHubError):
    """What the path of a request names does not exist in the tenant, which may be because it belongs to another one."""

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__([Problem(code, detail)])

    @classmethod
    def artifact(cls) -> MissingResourceError:
        """An artifact that does not exist; the same for every id and tenant."""
        return cls(ErrorCode.ARTIFACT_NOT_FOUND, "The artifact does not exist in the tenant.")


class InsufficientScopeError(InstallHubError):
    """The token has none of the required scopes.

    Attributes:
        scopes: Each of them would be sufficient.
    """

    def __init__(self, scopes: tuple[str, ...]) -> None:
        self.scopes = scopes
        listed = " or ".join(f"`{scope}`" for scope in scopes)
        super().__init__([Problem(ErrorCode.INSUFFICIENT_SCOPE, f"The token lacks the scope {listed}.")])


class ServiceUnavailableError(InstallHubError):
    """A backing service failed and retries did not help.

    Attributes:
        service: Name of the service for the log; not part of any response.
    """

    def __init__(self, service: str, detail: str | None = None) -> None:
        code = ErrorCode.SERVICE_UNAVAILABLE
        super().__init__([Problem(code, detail or REGISTRY[code].description)])
        self.service = service


class VersionHeldError(InstallHubError):
    """The name and version are exported already, or claimed by another attempt.

    Attributes:
        request_id: Id of the request that exported or claimed them, if it has one.
        held_until: When the holder's lease ends, in epoch seconds; None if the package is exported.
    """

    def __init__(self, request_id: str | None, held_until: int | None) -> None:
        code = ErrorCode.VERSION_CONFLICT
        super().__init__([Problem(code, REGISTRY[code].description)])
        self.request_id = request_id
        self.held_until = held_until


def sorted_by_precedence(problems: Iterable[Problem]) -> list[Problem]:
    """``problems`` sorted, most important first; those with the same code keep their order."""
    return sorted(problems, key=lambda problem: _PRECEDENCE[problem.code])
