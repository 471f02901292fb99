"""Builds responses with dependency graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.graph_bodies import graph_body
from installhub.contract.graph_formats import FILE_EXTENSIONS, MEDIA_TYPES, GraphFormat
from installhub.graphs.dot import draw_dot
from installhub.graphs.graph import Graph, graph_of_manifest
from installhub.graphs.mermaid import draw_mermaid
from installhub.graphs.svg import draw_svg
from installhub.http.bundle_headers import content_disposition
from installhub.http.deprecation import deprecation_headers
from installhub.http.entity_tags import is_not_modified, quoted_tag
from installhub.http.response import Response
from installhub.http.responses import encode_json, text_response

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.packages.records import PackageRecord

REVISION: Final = 1
"""Part of the entity tags. Incremented by changes of the code after which a graph yields another text."""

_DRAW: Final[Mapping[GraphFormat, Callable[[Graph], str]]] = {
    GraphFormat.MERMAID: draw_mermaid,
    GraphFormat.DOT: draw_dot,
    GraphFormat.SVG: draw_svg,
}
_SVG_HEADERS: Final = {
    # If a browser opens it as a document. It has no script; this makes sure that none would run.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def package_graph_response(
    request: Request, record: PackageRecord, wanted: GraphFormat, read_manifest: Callable[[], Mapping[str, Any]]
) -> Response:
    """A 200 with the graph of a package; 304 if the client has it, for which the manifest is not read."""
    headers = {
        "Vary": "Accept",
        "ETag": quoted_tag(f"{record.checksum.replace(':', '-')}-{wanted.value}-{REVISION}"),
        # Although packages are immutable, a cached graph must be revalidated, which checks the caller's authorization.
        "Cache-Control": "private, no-cache",
        **deprecation_headers(record),
    }
    if is_not_modified(headers["ETag"], request.header("If-None-Match")):
        return Response(304, headers)
    graph = graph_of_manifest(read_manifest())
    headers["Content-Disposition"] = content_disposition(record, "inline", FILE_EXTENSIONS[wanted])
    if wanted is GraphFormat.JSON:
        return text_response(request, MEDIA_TYPES[wanted], encode_json(graph_body(record.description, graph)), headers)
    return picture_response(request, graph, wanted, headers)


def picture_response(request: Request, graph: Graph, wanted: GraphFormat, headers: Mapping[str, str]) -> Response:
    """A 200 with ``graph`` in a format other than JSON."""
    own_headers = _SVG_HEADERS if wanted is GraphFormat.SVG else {}
    charset = "" if wanted is GraphFormat.SVG else "; charset=utf-8"  # SVG is XML, which is UTF-8 unless it says so
    return text_response(request, f"{MEDIA_TYPES[wanted]}{charset}", _DRAW[wanted](graph), {**headers, **own_headers})
