"""Builds responses with comparisons of packages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from installhub.contract.diff_bodies import diff_body
from installhub.contract.diff_formats import MEDIA_TYPES, DiffFormat
from installhub.contract.release_notes import release_notes
from installhub.http.deprecation import deprecation_headers
from installhub.http.entity_tags import is_not_modified, quoted_tag
from installhub.http.response import Response
from installhub.http.responses import json_response, text_response

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.packages.comparison import Comparison
    from installhub.packages.records import PackageRecord

REVISION: Final = 1
"""Part of the entity tags. Incremented by changes of the code after which a comparison yields another result."""


def diff_response(
    request: Request, old: PackageRecord, new: PackageRecord, wanted: DiffFormat, compare: Callable[[], Comparison]
) -> Response:
    """A 200 with what changed from ``old`` to ``new``; 304 if the client has it, for which nothing is compared."""
    checksums = "-".join(record.checksum.removeprefix("sha256:") for record in (old, new))
    headers = {
        "Vary": "Accept",
        "ETag": quoted_tag(f"{checksums}-{wanted.value}-{REVISION}"),
        # Although packages are immutable, it must be revalidated, which checks the caller's authorization.
        "Cache-Control": "private, no-cache",
        **deprecation_headers(new),
    }
    if is_not_modified(headers["ETag"], request.header("If-None-Match")):
        return Response(304, headers)
    comparison = compare()
    if wanted is DiffFormat.MARKDOWN:
        notes = release_notes(old.description, new.description, comparison)
        return text_response(request, f"{MEDIA_TYPES[wanted]}; charset=utf-8", notes, headers)
    return json_response(
        request,
        diff_body(old.description, new.description, comparison),
        lambda: diff_body(old.description, new.description, comparison, with_places=False),
        headers=headers,
    )
