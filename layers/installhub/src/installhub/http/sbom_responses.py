"""Builds responses with bills of materials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from installhub.contract.sbom_bodies import SBOM_TYPE, sbom_body
from installhub.http.bundle_headers import content_disposition
from installhub.http.deprecation import deprecation_headers
from installhub.http.entity_tags import is_not_modified, quoted_tag
from installhub.http.response import Response
from installhub.http.responses import encode_json, text_response
from installhub.model.hub import HUB_VERSION

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.packages.records import PackageRecord

REVISION: Final = 1
"""Part of the entity tags. Incremented by changes of the code after which a package yields another document."""


def sbom_response(request: Request, record: PackageRecord, read_manifest: Callable[[], Mapping[str, Any]]) -> Response:
    """A 200 with the bill of materials of a package; 304 if the client has it, for which the manifest is not read.

    Its media type is the same whatever ``Accept`` says.

    Raises:
        InstallHubError: PackageTooLarge.
    """
    headers = {
        "ETag": quoted_tag(f"{record.checksum.replace(':', '-')}-sbom-{HUB_VERSION}-{REVISION}"),
        # Although packages are immutable, it must be revalidated, which checks the caller's authorization.
        "Cache-Control": "private, no-cache",
        **deprecation_headers(record),
    }
    if is_not_modified(headers["ETag"], request.header("If-None-Match")):
        return Response(304, headers)
    text = encode_json(sbom_body(record, read_manifest()))
    headers["Content-Disposition"] = content_disposition(record, extension="cdx.json")
    return text_response(request, SBOM_TYPE, text, headers)
