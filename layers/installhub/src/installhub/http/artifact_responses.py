"""Builds responses with artifacts and their definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from installhub.contract.artifact_bodies import artifact_body, artifact_list_body, artifact_packages_body
from installhub.contract.problem_bodies import JSON_TYPE
from installhub.http.entity_tags import is_not_modified, quoted_tag
from installhub.http.page_links import next_page_link
from installhub.http.response import Response
from installhub.http.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from installhub.artifacts.definition_downloads import DefinitionDownloads
    from installhub.artifacts.publisher import Publication
    from installhub.http.request import Request
    from installhub.model.artifact import ArtifactNode
    from installhub.model.cursor import Page
    from installhub.packages.index_items import ContainingPackage

_REVALIDATE: Final = "private, no-cache"
"""Clients may keep the response, but have to check with the entity tag whether it is still current and theirs."""


def publication_response(request: Request, publication: Publication) -> Response:
    """A 201 for a new artifact, else a 200, with the artifact as it is now."""
    status = 201 if publication.change == "created" else 200
    body = artifact_body(publication.node, publication.change.value)
    return json_response(request, body, status=status, headers={"ETag": quoted_tag(publication.node.revision)})


def artifact_response(request: Request, node: ArtifactNode) -> Response:
    """A 200 with an artifact; 304 if the client has this revision."""
    headers = {"ETag": quoted_tag(node.revision), "Cache-Control": _REVALIDATE}
    if is_not_modified(headers["ETag"], request.header("If-None-Match")):
        return Response(304, headers)
    return json_response(request, artifact_body(node), headers=headers)


def artifact_list_response(request: Request, page: Page[ArtifactNode], parameters: Mapping[str, str]) -> Response:
    """A 200 with a page of a list, and a link to the next page (RFC 8288).

    Args:
        request: The request.
        page: The page.
        parameters: The query parameters of the request, without the cursor.
    """
    body = artifact_list_body(page.entries, page.next_cursor)
    return json_response(request, body, headers=next_page_link(page.next_cursor, parameters))


def artifact_packages_response(
    request: Request, artifact_id: str, page: Page[ContainingPackage], parameters: Mapping[str, str]
) -> Response:
    """A 200 with a page of the packages that contain an artifact, and a link to the next page (RFC 8288).

    Args:
        request: The request.
        artifact_id: The artifact.
        page: The page.
        parameters: The query parameters of the request, without the cursor.
    """
    body = artifact_packages_body(artifact_id, page.entries, page.next_cursor)
    return json_response(request, body, headers=next_page_link(page.next_cursor, parameters))


def definition_response(
    request: Request, tenant: str, node: ArtifactNode, definitions: DefinitionDownloads, max_inline: int
) -> Response:
    """A 200 with a definition; 304 if the client has it, 307 if it has more than ``max_inline`` bytes."""
    headers = {"ETag": quoted_tag(node.sha256), "Cache-Control": _REVALIDATE}
    if is_not_modified(headers["ETag"], request.header("If-None-Match")):
        return Response(304, headers)
    if node.size > max_inline:
        link = definitions.presigned_url(tenant, node, request.method)
        return Response(307, {**headers, "Location": link, "Cache-Control": "no-store"})
    return Response(200, {**headers, "Content-Type": JSON_TYPE}, definitions.read(tenant, node))
