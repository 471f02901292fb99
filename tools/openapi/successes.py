"""The responses of each operation that are not errors."""

from __future__ import annotations

from typing import Any, Final

from installhub.contract.graph_formats import MEDIA_TYPES, GraphFormat
from installhub.contract.problem_bodies import JSON_TYPE
from installhub.contract.response_models import PackageResponse, PendingResponse
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
    LIST_PACKAGES,
    LIST_VERSIONS,
    PREVIEW,
    PUT_ARTIFACT,
    Route,
)
from installhub.contract.sbom_bodies import SBOM_TYPE
from installhub.http.attestation_responses import ENVELOPE_TYPE
from installhub.http.key_responses import KEYS_TYPE
from installhub.packages.bundle_store import CONTENT_TYPE
from tools import examples

REF: Final = "#/components/schemas/{model}"
"""Format of references to models."""

_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "Artifact": examples.ARTIFACT,
    "ArtifactBatch": examples.ARTIFACT_BATCH,
    "ArtifactDocument": examples.ARTIFACT_DOCUMENT,
    "ArtifactList": examples.ARTIFACT_LIST,
    "ArtifactPackageList": examples.ARTIFACT_PACKAGES,
    "BillOfMaterials": examples.SBOM,
    "BatchResponse": examples.BATCH,
    "DependentList": examples.DEPENDENTS,
    "Envelope": examples.ENVELOPE,
    "ExportRequest": examples.EXPORT_REQUEST,
    "KeySet": examples.KEY_SET,
    "LifecyclePatch": examples.LIFECYCLE_PATCH,
    "PublishedArtifact": examples.PUBLISHED_ARTIFACT,
    "PackageDiff": examples.DIFF,
    "PackageGraph": examples.GRAPH,
    "PackageLifecycle": examples.LIFECYCLE,
    "PackageList": examples.PACKAGE_LIST,
    "PackageResponse": examples.PACKAGE,
    "PreviewRequest": examples.PREVIEW_REQUEST,
    "PreviewResponse": examples.PREVIEW,
    "VersionList": examples.VERSION_LIST,
}
"""Examples by model name."""


def header(description: str) -> dict[str, Any]:
    """A response header."""
    return {"description": description, "schema": {"type": "string"}}


def content_of(model: str) -> dict[str, Any]:
    """JSON content described by a model, with its example."""
    schema = {"schema": {"$ref": REF.format(model=model)}}
    return {**schema, "example": _EXAMPLES[model]} if model in _EXAMPLES else schema


def successes_of(route: Route) -> dict[str, Any]:
    """The responses of an operation that are not errors, by status."""
    if route is EXPORT:
        return {**_json_success(route), "202": _ACCEPTED}
    if route is GET_PACKAGE:
        return {"200": _PACKAGE_OR_PENDING, "304": _SAME_PACKAGE}
    if route in _SPECIFIC:
        return _SPECIFIC[route]
    if route is not DOWNLOAD:
        return _json_success(route)
    etag = {"ETag": header("Strong validator of the bundle.")}
    headers = {
        **etag,
        "Content-Disposition": header("The file name of the bundle (RFC 6266)."),
        "Repr-Digest": header("SHA-256 of the whole bundle (RFC 9530)."),
    }
    content = {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "200": {"description": "The bundle.", "headers": headers, "content": content},
        "206": {
            "description": "The requested range of the bundle.",
            "headers": {**headers, "Content-Range": header("Position of the range, and size of the bundle.")},
            "content": content,
        },
        "304": {"description": "The client already has this bundle.", "headers": etag},
        "307": {
            "description": "The bundle is large; download it from `Location`.",
            "headers": {**etag, "Location": header("A presigned URL, valid for five minutes.")},
        },
    }


def _json_success(route: Route, headers: dict[str, Any] | None = None, media_type: str = JSON_TYPE) -> dict[str, Any]:
    content = {} if route.response_model is None else {"content": {media_type: content_of(route.response_model)}}
    return {"200": {"description": route.summary, **({"headers": headers} if headers else {}), **content}}


def _with_pictures(success: dict[str, Any]) -> dict[str, Any]:
    """``success``, which may also be a picture."""
    pictures = [MEDIA_TYPES[name] for name in GraphFormat if name is not GraphFormat.JSON]
    return _with_text(success, *pictures)


def _with_text(success: dict[str, Any], *media_types: str) -> dict[str, Any]:
    """``success``, which may also be text of these media types."""
    ok = success["200"]
    texts = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    return {"200": {**ok, "content": {**ok["content"], **texts}}}


_GRAPH_ETAG: Final = {"ETag": header("Strong validator of the graph in this format.")}
_GRAPH_HEADERS: Final = {**_GRAPH_ETAG, "Content-Disposition": header("A file name for the graph (RFC 6266).")}
_SAME_GRAPH: Final = {"description": "The client already has this graph.", "headers": _GRAPH_ETAG}
_DIFF_HEADERS: Final = {"ETag": header("Strong validator of the comparison in this format.")}
_SAME_DIFF: Final = {"description": "The client already has this comparison.", "headers": _DIFF_HEADERS}
_SBOM_ETAG: Final = {"ETag": header("Strong validator of the document.")}
_SBOM_HEADERS: Final = {**_SBOM_ETAG, "Content-Disposition": header("A file name for the document (RFC 6266).")}
_SAME_SBOM: Final = {"description": "The client already has this document.", "headers": _SBOM_ETAG}
_RETRY_AFTER: Final = {"description": "Seconds to wait before the next request.", "schema": {"type": "integer"}}
_ACCEPTED: Final = {
    "description": "The export was accepted. Follow its progress at `Location`.",
    "headers": {
        "Location": header("URL of the package, relative to this request."),
        "Retry-After": _RETRY_AFTER,
        "Preference-Applied": header("`respond-async`"),
    },
    "content": {
        JSON_TYPE: {
            "schema": {"$ref": REF.format(model=PendingResponse.__name__)},
            "example": examples.PENDING,
        }
    },
}
_PACKAGE_ETAG: Final = {"ETag": header("Changes whenever the lifecycle of the package does.")}
_DEPRECATION: Final = {
    "Deprecation": header("When the package was deprecated (RFC 9745)."),
    "Deprecation-Reason": header("Why, as a display string (RFC 9651)."),
}
_SAME_PACKAGE: Final = {"description": "The client already has this.", "headers": _PACKAGE_ETAG}
_PACKAGE_OR_PENDING: Final = {
    "description": "The package, or the status of an export that was accepted with `Prefer: respond-async`.",
    "headers": {
        **_PACKAGE_ETAG,
        **_DEPRECATION,
        "Retry-After": {
            **_RETRY_AFTER,
            "description": "While the export is pending: seconds to wait before the next request.",
        },
    },
    "content": {
        JSON_TYPE: {
            "schema": {
                "oneOf": [{"$ref": REF.format(model=model.__name__)} for model in (PackageResponse, PendingResponse)],
            },
            "examples": {
                "exported": {"value": examples.PACKAGE},
                "exporting": {"value": examples.PENDING_EXPORTING},
                "failed": {"value": examples.PENDING_FAILED},
            },
        }
    },
}
_ATTESTATION_ETAG: Final = {"ETag": header("Strong validator of the attestation.")}
_ATTESTATION_HEADERS: Final = {
    **_ATTESTATION_ETAG,
    "Content-Disposition": header("A file name for the attestation (RFC 6266)."),
}
_KEYS_ETAG: Final = {"ETag": header("Changes whenever a key is added.")}
_ETAG: Final = {"ETag": header("Changes whenever the definition or another field does.")}
_DEFINITION_ETAG: Final = {"ETag": header("The SHA-256 of the definition.")}
_PLAN_ETAG: Final = {"ETag": header("Identifies what an export would include; at most 2,700 characters.")}
_NEXT_PAGE: Final = {"Link": header('The next page: `<...>; rel="next"` (RFC 8288).')}
_SPECIFIC: Final[dict[Route, dict[str, Any]]] = {
    PUT_ARTIFACT: {
        **_json_success(PUT_ARTIFACT, _ETAG),
        "201": {
            "description": "The artifact is new.",
            "headers": _ETAG,
            "content": {JSON_TYPE: content_of(str(PUT_ARTIFACT.response_model))},
        },
    },
    GET_ARTIFACT: {
        **_json_success(GET_ARTIFACT, _ETAG),
        "304": {"description": "The client already has this revision.", "headers": _ETAG},
    },
    GET_DEFINITION: {
        "200": {
            "description": "The definition as canonical JSON.",
            "headers": _DEFINITION_ETAG,
            "content": {JSON_TYPE: {"schema": {}, "example": examples.ARTIFACT_DOCUMENT["definition"]}},
        },
        "304": {"description": "The client already has this definition.", "headers": _DEFINITION_ETAG},
        "307": {
            "description": "The definition is large; download it from `Location`.",
            "headers": {**_DEFINITION_ETAG, "Location": header("A presigned URL, valid for five minutes.")},
        },
    },
    PREVIEW: _with_pictures(_json_success(PREVIEW, _PLAN_ETAG)),
    GET_DIFF: {**_with_text(_json_success(GET_DIFF, _DIFF_HEADERS), "text/markdown"), "304": _SAME_DIFF},
    GET_GRAPH: {**_with_pictures(_json_success(GET_GRAPH, _GRAPH_HEADERS)), "304": _SAME_GRAPH},
    GET_SBOM: {**_json_success(GET_SBOM, _SBOM_HEADERS, SBOM_TYPE), "304": _SAME_SBOM},
    GET_ATTESTATION: {
        **_json_success(GET_ATTESTATION, _ATTESTATION_HEADERS, ENVELOPE_TYPE),
        "304": {"description": "The client already has this attestation.", "headers": _ATTESTATION_ETAG},
    },
    GET_KEYS: {
        **_json_success(GET_KEYS, _KEYS_ETAG, KEYS_TYPE),
        "304": {"description": "The client already has these keys.", "headers": _KEYS_ETAG},
    },
    LIST_PACKAGES: _json_success(LIST_PACKAGES, _NEXT_PAGE),
    LIST_VERSIONS: _json_success(LIST_VERSIONS, _NEXT_PAGE),
    CHANGE_LIFECYCLE: _json_success(CHANGE_LIFECYCLE, _PACKAGE_ETAG),
    LIST_ARTIFACTS: _json_success(LIST_ARTIFACTS, _NEXT_PAGE),
    LIST_ARTIFACT_PACKAGES: _json_success(LIST_ARTIFACT_PACKAGES, _NEXT_PAGE),
    DELETE_ARTIFACT: {"204": {"description": "The artifact is deleted."}},
}
