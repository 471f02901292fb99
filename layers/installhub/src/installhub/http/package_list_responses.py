"""Builds responses with lists of packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.contract.package_list_bodies import package_list_body, version_list_body
from installhub.http.page_links import next_page_link
from installhub.http.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from installhub.http.request import Request
    from installhub.http.response import Response
    from installhub.model.cursor import Page
    from installhub.packages.index_items import IndexedPackage
    from installhub.packages.versions import VersionPage


def package_list_response(request: Request, page: Page[IndexedPackage], parameters: Mapping[str, str]) -> Response:
    """A 200 with a page of packages, and a link to the next page; ``parameters`` are those of the request."""
    return json_response(request, package_list_body(page), headers=next_page_link(page.next_cursor, parameters))


def version_list_response(request: Request, versions: VersionPage, parameters: Mapping[str, str]) -> Response:
    """A 200 with a page of versions, and a link to the next page; ``parameters`` are those of the request."""
    headers = next_page_link(versions.page.next_cursor, parameters)
    return json_response(request, version_list_body(versions), headers=headers)
