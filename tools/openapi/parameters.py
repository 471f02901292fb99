"""The parameters of each operation."""

from __future__ import annotations

from typing import Any, Final

from installhub.contract.diff_formats import DiffFormat
from installhub.contract.graph_formats import GraphFormat
from installhub.contract.routes import (
    CHANGE_LIFECYCLE,
    DELETE_ARTIFACT,
    DOWNLOAD,
    EXPORT,
    GET_ARTIFACT,
    GET_ATTESTATION,
    GET_DEFINITION,
    GET_DIFF,
    GET_GRAPH,
    GET_KEYS,
    GET_PACKAGE,
    GET_SBOM,
    LIST_ARTIFACT_PACKAGES,
    LIST_ARTIFACTS,
    LIST_DEPENDENTS,
    LIST_PACKAGES,
    LIST_VERSIONS,
    PUT_ARTIFACT,
    Route,
)
from installhub.http.headers import IDEMPOTENCY_HEADER, PREFER_HEADER, TENANT_HEADER
from installhub.model.artifact import ArtifactStatus, ArtifactType, PackageType
from installhub.model.cursor import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from installhub.model.lifecycle import Lifecycle
from tools import examples


def _parameter(
    place: str, name: str, description: str, *, example: str | None = None, **schema: object
) -> dict[str, Any]:
    """A parameter; texts by default. Those in the path are required."""
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": {"type": "string", **schema},
        **({} if example is None else {"example": example}),
    }


_PREFER: Final = _parameter(
    "header",
    PREFER_HEADER,
    "`respond-async`: export asynchronously (RFC 7240). For packages with thousands of artifacts.",
    example="respond-async",
)
_IDEMPOTENCY_KEY: Final = _parameter(
    "header",
    IDEMPOTENCY_HEADER,
    "Identifies the request among the caller's requests for the tenant for 24 hours. Repeating the request returns the "
    "first response again, whether a package, an accepted export or a refusal. Invalid requests and 5xx responses are "
    "not stored.",
    example='"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    minLength=1,
    maxLength=257,
)
_PACKAGE_ID: Final = _parameter(
    "path",
    "packageId",
    "The id in the response to the export.",
    example=examples.PACKAGE_ID,
    pattern="^pkg-[0-9a-f-]{36}$",
)
_TENANT: Final = _parameter(
    "header",
    TENANT_HEADER,
    "The tenant to act for, if the body contains none; on GET, only packages of this tenant are found. Routes of "
    "artifacts need it if the token has several tenants.",
    maxLength=256,
)
_RANGE: Final = _parameter(
    "header",
    "Range",
    "One range of bytes (RFC 9110, 14.2). With `If-Range`, it is ignored if the ETag differs.",
    example="bytes=1048576-",
)
_IF_NONE_MATCH: Final = _parameter("header", "If-None-Match", "The ETag of a response that the client already has.")
_ARTIFACT_ID: Final = _parameter(
    "path",
    "artifactId",
    "The id if it consists of letters, digits, `.`, `_` and `-`; otherwise `~` followed by the base64url (RFC 4648, no "
    "padding) of its UTF-8. `links` in responses contain it in this form.",
    example="proc-1001",
    minLength=1,
)


def _limit(what: str) -> dict[str, Any]:
    description = f"Maximum number of {what} in a page."
    return _parameter(
        "query", "limit", description, type="integer", minimum=1, maximum=MAX_PAGE_SIZE, default=DEFAULT_PAGE_SIZE
    )


_ETAG: Final = '"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"'
_IF_MATCH: Final = _parameter(
    "header", "If-Match", "Act only if the artifact still has this ETag (RFC 9110, 13.1.1).", example=_ETAG
)
_IF_PREVIEWED: Final = _parameter(
    "header",
    "If-Match",
    "The ETag of a preview: export only if the result is still what was previewed (RFC 9110, 13.1.1).",
    example=examples.PREVIEW_ETAG,
)
_IF_NEW: Final = _parameter("header", "If-None-Match", "`*`: act only if the artifact does not exist yet.", example="*")
_CURSOR: Final = _parameter("query", "cursor", "`nextCursor` of the previous page, with the same filters.")
_LIST: Final = (
    _parameter("query", "type", "Only artifacts of this type.", enum=list(ArtifactType)),
    _parameter("query", "status", "Only artifacts in this state.", enum=list(ArtifactStatus)),
    _parameter("query", "namePrefix", "Only artifacts whose name starts with this, in the form of an id in a path."),
    _limit("artifacts"),
    _CURSOR,
)
_TRANSITIVE: Final = _parameter("query", "transitive", "Include indirect dependents.", type="boolean", default=False)

_NAME_FORM: Final = "Plain, or `~` and the base64url of its UTF-8."
_PACKAGE_NAME: Final = _parameter(
    "query",
    "name",
    f"The name of the package; case and surrounding whitespace do not count. {_NAME_FORM}",
    example="Employee Onboarding Suite",
    minLength=1,
    maxLength=100,
)
_PACKAGES: Final = (
    _PACKAGE_NAME,
    _parameter("query", "namePrefix", f"Only names that start with this; case does not count. {_NAME_FORM}"),
    _parameter("query", "packageType", "Only packages with this purpose.", enum=list(PackageType)),
    _parameter("query", "tag", f"Only packages with this tag. {_NAME_FORM}"),
    _parameter(
        "query",
        "lifecycle",
        "Only packages in this state; by default, active and deprecated ones.",
        enum=list(Lifecycle),
    ),
    _parameter(
        "query", "exportedAfter", "Only packages exported later: a time of RFC 3339, or a date.", example="2026-05-25"
    ),
    _parameter("query", "exportedBefore", "Only packages exported earlier: a time of RFC 3339, or a date."),
    _limit("packages"),
    _CURSOR,
)
_PACKAGE_IF_MATCH: Final = _parameter(
    "header", "If-Match", "Change the package only if it still has this ETag (RFC 9110, 13.1.1)."
)

_FORMAT: Final = _parameter(
    "query", "format", "The format of the graph. Takes precedence over `Accept`.", enum=list(GraphFormat)
)

_DIFF: Final = (
    _parameter("query", "from", "Id of the package to compare with; by default, the next lower version of this name."),
    _parameter("query", "format", "The format of the result. Takes precedence over `Accept`.", enum=list(DiffFormat)),
    _IF_NONE_MATCH,
)

_SPECIFIC: Final = {
    DOWNLOAD: (_IF_NONE_MATCH, _RANGE),
    GET_PACKAGE: (_IF_NONE_MATCH,),
    LIST_PACKAGES: _PACKAGES,
    LIST_VERSIONS: ({**_PACKAGE_NAME, "required": True}, _limit("versions"), _CURSOR),
    CHANGE_LIFECYCLE: (_PACKAGE_IF_MATCH,),
    GET_DIFF: _DIFF,
    GET_SBOM: (_IF_NONE_MATCH,),
    GET_ATTESTATION: (_IF_NONE_MATCH,),
    GET_KEYS: (_IF_NONE_MATCH,),
    GET_GRAPH: (_FORMAT, _IF_NONE_MATCH),
    EXPORT: (_PREFER, _IDEMPOTENCY_KEY, _IF_PREVIEWED),
    PUT_ARTIFACT: (_IF_MATCH, _IF_NEW),
    DELETE_ARTIFACT: (_IF_MATCH,),
    LIST_ARTIFACTS: _LIST,
    GET_ARTIFACT: (_IF_NONE_MATCH,),
    GET_DEFINITION: (_IF_NONE_MATCH,),
    LIST_DEPENDENTS: (_TRANSITIVE,),
    LIST_ARTIFACT_PACKAGES: (_limit("packages"), _CURSOR),
}


def parameters_of(route: Route) -> list[dict[str, Any]]:
    """The parameters of an operation: those in its path, the tenant, and its own."""
    in_path = [parameter for parameter in (_PACKAGE_ID, _ARTIFACT_ID) if f"{{{parameter['name']}}}" in route.path]
    return [*in_path, *([_TENANT] if route.scopes else []), *_SPECIFIC.get(route, ())]
