"""The API's routes, which the functions serve and the OpenAPI document describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from installhub.model.errors import ErrorCode
from installhub.model.scopes import EXPORT_SCOPE, MANAGE_SCOPE, PUBLISH_SCOPE

BASE_PATH: Final = "/api/installhub/packages"
ARTIFACTS_PATH: Final = "/api/installhub/artifacts"
KEYS_PATH: Final = "/api/installhub/keys"

_AUTHORIZATION_ERRORS: Final = (ErrorCode.UNAUTHORIZED, ErrorCode.INSUFFICIENT_SCOPE, ErrorCode.TENANT_MISMATCH)
_COMMON_ERRORS: Final = (ErrorCode.RATE_LIMIT_EXCEEDED, ErrorCode.SERVICE_UNAVAILABLE, ErrorCode.INTERNAL_ERROR)
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
        scopes: The caller needs at least one of these; none if the route needs no token.
        missing: The error code of a 404, if the path names something that may not exist.
    """

    method: str
    path: str
    operation: str
    summary: str
    description: str
    own_errors: tuple[ErrorCode, ...]
    request_model: str | None = None
    response_model: str | None = None
    scopes: tuple[str, ...] = (EXPORT_SCOPE,)
    missing: ErrorCode | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are served: a function that serves GET also serves HEAD."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    @property
    def errors(self) -> tuple[ErrorCode, ...]:
        """All error codes it can return."""
        authorization_errors = _AUTHORIZATION_ERRORS if self.scopes else ()
        return (*authorization_errors, *_COMMON_ERRORS, *self.own_errors)


EXPORT: Final = Route(
    "POST",
    f"{BASE_PATH}/export",
    "exportPackage",
    "Create a new package from specified artifacts",
    "Resolves all dependencies of the artifacts and publishes an immutable, reproducible bundle, or refuses the export "
    "with every reason. A name and version can be exported once. With `Prefer: respond-async`, the request is "
    "validated immediately and the export is processed in the background. With an `Idempotency-Key`, repeating the "
    "request within 24 hours returns the first response again. With the ETag of a preview in `If-Match`, "
    "exactly that is exported, or nothing.",
    (
        *_BODY_ERRORS,
        ErrorCode.INVALID_VERSION,
        ErrorCode.ARTIFACT_NOT_FOUND,
        ErrorCode.CIRCULAR_DEPENDENCY,
        ErrorCode.INCOMPLETE_ARTIFACT,
        ErrorCode.PACKAGE_TYPE_MISMATCH,
        ErrorCode.REQUIREMENT_CONFLICT,
        ErrorCode.UNDECLARED_REFERENCE,
        ErrorCode.SECRET_FOUND,
        ErrorCode.PACKAGE_TOO_LARGE,
        ErrorCode.VERSION_TOO_LOW,
        ErrorCode.VERSION_CONFLICT,
        ErrorCode.PLAN_CHANGED,
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
    "export would be refused, except root artifacts that do not exist, which cause an error. With `Accept: "
    "image/svg+xml`, `text/vnd.mermaid` or `text/vnd.graphviz`, returns a picture in which cycles, missing and "
    "unpublished artifacts stand out. The `ETag` stands for all that was resolved; send it as `If-Match` to "
    "export exactly that.",
    (*_BODY_ERRORS, ErrorCode.ARTIFACT_NOT_FOUND, ErrorCode.PACKAGE_TOO_LARGE),
    request_model="PreviewRequest",
    response_model="PreviewResponse",
)

GET_PACKAGE: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}",
    "getPackage",
    "Get package metadata and manifest",
    "Returns the same response as the export that created the package, and its lifecycle if that was changed. For an "
    "export that was accepted with `Prefer: respond-async`, returns its progress, or why it failed.",
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

GET_GRAPH: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}/graph",
    "getGraph",
    "Get the dependency graph of a package",
    "Returns the graph in the format that `format` or `Accept` selects: JSON, a Mermaid flowchart, DOT for Graphviz, "
    "or an SVG picture. Edges lead from an artifact to what it depends on.",
    (ErrorCode.INVALID_REQUEST, ErrorCode.PACKAGE_NOT_FOUND, ErrorCode.PACKAGE_TOO_LARGE),
    response_model="PackageGraph",
)

LIST_PACKAGES: Final = Route(
    "GET",
    BASE_PATH,
    "listPackages",
    "List packages",
    "Lists the packages of the tenant in the header, or of all tenants of the token, the newest first. Yanked packages "
    "are left out unless `lifecycle=yanked`. Packages show up within seconds after their export. With filters that "
    "match few packages, a page may have fewer than `limit`, or none; the list ends where `nextCursor` is null.",
    (ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_CURSOR),
    response_model="PackageList",
)

LIST_VERSIONS: Final = Route(
    "GET",
    f"{BASE_PATH}/versions",
    "listVersions",
    "List the versions of a package",
    "Lists all versions of a name, yanked ones included, in the precedence of SemVer, the highest first. `latest` and "
    "`latestPrerelease` are the highest active ones, whatever the page.",
    (ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_CURSOR),
    response_model="VersionList",
)

CHANGE_LIFECYCLE: Final = Route(
    "PATCH",
    f"{BASE_PATH}/{{packageId}}",
    "changeLifecycle",
    "Deprecate, yank or reactivate a package",
    "Changes the fields in the body, a JSON Merge Patch (RFC 7396). A deprecated package works as before, and its "
    "responses say why. A yanked one is in no list and never the latest version, but can be downloaded by its id. Both "
    "can be undone; the version stays taken. With `If-Match`, the package is changed only if its ETag is the same.",
    (*_BODY_ERRORS, ErrorCode.PRECONDITION_FAILED, ErrorCode.PACKAGE_NOT_FOUND),
    request_model="LifecyclePatch",
    response_model="PackageLifecycle",
    scopes=(MANAGE_SCOPE,),
)

GET_DIFF: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}/diff",
    "getDiff",
    "Compare two packages",
    "Returns what changed since the package `from`, or else since the next lower version of the same name that is not "
    "yanked: artifacts, dependencies, requirements, the places in definitions, and which version step that suggests, "
    "with reasons. With `format=markdown` or `Accept: text/markdown`, returns release notes.",
    (ErrorCode.INVALID_REQUEST, ErrorCode.PACKAGE_NOT_FOUND, ErrorCode.PACKAGE_TOO_LARGE),
    response_model="PackageDiff",
)

GET_SBOM: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}/sbom",
    "getSbom",
    "Get the bill of materials of a package",
    "Returns a CycloneDX 1.6 document: the artifacts with their digests as components, the requirements as services, "
    "and the dependency graph. It is the same at every request.",
    (ErrorCode.PACKAGE_NOT_FOUND, ErrorCode.PACKAGE_TOO_LARGE),
    response_model="BillOfMaterials",
)

GET_ATTESTATION: Final = Route(
    "GET",
    f"{BASE_PATH}/{{packageId}}/attestation",
    "getAttestation",
    "Get the signed statement about a package",
    "Returns a DSSE envelope with an in-toto statement: the file name and SHA-256 of the bundle, where it comes from, "
    "and the SHA-256 of every artifact in it. The signature is by ECDSA on P-256 with SHA-256; `keyid` names its key "
    "in the key set.",
    (ErrorCode.PACKAGE_NOT_FOUND, ErrorCode.ATTESTATION_NOT_FOUND, ErrorCode.PACKAGE_TOO_LARGE),
    response_model="Envelope",
)

GET_KEYS: Final = Route(
    "GET",
    KEYS_PATH,
    "getKeys",
    "Get the public keys that verify attestations",
    "Returns a JWK set with the keys of all attestations, former ones included. `kid` is the thumbprint of the key "
    "(RFC 7638). Needs no token.",
    (),
    response_model="KeySet",
    scopes=(),
)

_READ_SCOPES: Final = (EXPORT_SCOPE, PUBLISH_SCOPE)
_ARTIFACT_PATH: Final = f"{ARTIFACTS_PATH}/{{artifactId}}"

PUT_ARTIFACT: Final = Route(
    "PUT",
    _ARTIFACT_PATH,
    "putArtifact",
    "Publish an artifact",
    "Creates the artifact or replaces it, as a whole. Publishing the same content again changes nothing. With "
    "`If-Match`, only the named revision is replaced; with `If-None-Match: *`, only a new artifact is created. "
    "Definitions too large for a request can be dropped into the inbox bucket.",
    (*_BODY_ERRORS, ErrorCode.PRECONDITION_FAILED),
    request_model="ArtifactDocument",
    response_model="PublishedArtifact",
    scopes=(PUBLISH_SCOPE,),
)

PUBLISH_ARTIFACTS: Final = Route(
    "POST",
    f"{ARTIFACTS_PATH}/batch",
    "publishArtifacts",
    "Publish up to 500 artifacts",
    "Publishes each artifact on its own, in the given order: valid ones are stored although others are refused. After "
    "a 503, some may have been stored; repeating the batch is safe.",
    _BODY_ERRORS,
    request_model="ArtifactBatch",
    response_model="BatchResponse",
    scopes=(PUBLISH_SCOPE,),
)

LIST_ARTIFACTS: Final = Route(
    "GET",
    ARTIFACTS_PATH,
    "listArtifacts",
    "List artifacts",
    "Lists the tenant's artifacts, ordered by id; ids of more than 1,000 bytes come last. With filters that match few "
    "artifacts, a page may have fewer than `limit`, or none; the list ends where `nextCursor` is null.",
    (ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_CURSOR),
    response_model="ArtifactList",
    scopes=_READ_SCOPES,
)

GET_ARTIFACT: Final = Route(
    "GET",
    _ARTIFACT_PATH,
    "getArtifact",
    "Get an artifact",
    "Returns the artifact without its definition.",
    (ErrorCode.INVALID_REQUEST,),
    response_model="Artifact",
    scopes=_READ_SCOPES,
    missing=ErrorCode.ARTIFACT_NOT_FOUND,
)

GET_DEFINITION: Final = Route(
    "GET",
    f"{_ARTIFACT_PATH}/definition",
    "getDefinition",
    "Get the definition of an artifact",
    "Returns the definition as canonical JSON, or redirects to a URL that is valid for five minutes if it is too large "
    "for a response.",
    (ErrorCode.INVALID_REQUEST,),
    scopes=_READ_SCOPES,
    missing=ErrorCode.ARTIFACT_NOT_FOUND,
)

LIST_DEPENDENTS: Final = Route(
    "GET",
    f"{_ARTIFACT_PATH}/dependents",
    "listDependents",
    "List what depends on an artifact",
    "Lists the artifacts that depend on it, each with the path that leads to it: those that declare it, or all with "
    "`transitive=true`.",
    (ErrorCode.INVALID_REQUEST, ErrorCode.PACKAGE_TOO_LARGE),
    response_model="DependentList",
    scopes=_READ_SCOPES,
    missing=ErrorCode.ARTIFACT_NOT_FOUND,
)

LIST_ARTIFACT_PACKAGES: Final = Route(
    "GET",
    f"{_ARTIFACT_PATH}/packages",
    "listArtifactPackages",
    "List the packages that contain an artifact",
    "Lists the tenant's packages that contain the artifact, the newest first, each with the digest of the definition "
    "in it. Packages show up within seconds after their export, and stay when the artifact is changed or deleted.",
    (ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_CURSOR),
    response_model="ArtifactPackageList",
    scopes=_READ_SCOPES,
    missing=ErrorCode.ARTIFACT_NOT_FOUND,
)

DELETE_ARTIFACT: Final = Route(
    "DELETE",
    _ARTIFACT_PATH,
    "deleteArtifact",
    "Delete an artifact",
    "Deletes the artifact, unless published artifacts depend on it. Packages that contain it stay whole. With "
    "`If-Match`, only the named revision is deleted.",
    (ErrorCode.INVALID_REQUEST, ErrorCode.PRECONDITION_FAILED, ErrorCode.ARTIFACT_IN_USE),
    scopes=(PUBLISH_SCOPE,),
    missing=ErrorCode.ARTIFACT_NOT_FOUND,
)

ROUTES: Final = (
    *(EXPORT, PREVIEW, LIST_PACKAGES, LIST_VERSIONS, GET_PACKAGE, CHANGE_LIFECYCLE, DOWNLOAD, GET_GRAPH, GET_DIFF),
    *(GET_SBOM, GET_ATTESTATION, GET_KEYS),
    *(PUT_ARTIFACT, PUBLISH_ARTIFACTS, LIST_ARTIFACTS, GET_ARTIFACT, GET_DEFINITION, LIST_DEPENDENTS),
    *(LIST_ARTIFACT_PACKAGES, DELETE_ARTIFACT),
)


def methods_of(path: str) -> tuple[str, ...]:
    """The methods of all routes with the path template ``path``, and OPTIONS."""
    methods = [method for route in ROUTES if route.path == path for method in route.methods]
    return (*dict.fromkeys(methods), "OPTIONS")
