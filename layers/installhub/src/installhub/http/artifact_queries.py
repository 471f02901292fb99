"""Reads the path and query parameters of requests for artifacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.artifacts.listing import ArtifactFilter
from installhub.contract.artifact_ids import decode_path_id
from installhub.http.query_parameters import ProblemCollector, member_parameter, page_size, short_text_parameter
from installhub.model.artifact import MAX_NAME_LENGTH, ArtifactStatus, ArtifactType
from installhub.model.cursor import DEFAULT_PAGE_SIZE
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.runtime.telemetry import bind_log_context

if TYPE_CHECKING:
    from installhub.http.request import Request

LIST_PARAMETERS: Final = ("type", "status", "namePrefix", "limit")
"""The query parameters of the list of artifacts, which a link to its next page repeats."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which page of which list is requested.

    Attributes:
        wanted: Which artifacts the list contains.
        limit: Maximum number of artifacts on the page.
        cursor: Where the page starts; unchecked.
    """

    wanted: ArtifactFilter
    limit: int
    cursor: str | None


def artifact_id_parameter(request: Request) -> str:
    """The artifact id in the path, in either of its two forms. Added to the log context.

    Raises:
        InstallHubError: InvalidRequest, if it is not an id.
    """
    artifact_id = decode_path_id(request.path_parameter("artifactId"))
    if artifact_id is None:
        detail = "The artifact id in the path is not a plain id, nor `~` and the base64url of one."
        raise InstallHubError.of(ErrorCode.INVALID_REQUEST, detail)
    bind_log_context(artifact_id=artifact_id)
    return artifact_id


def list_query(request: Request) -> ListQuery:
    """The page that ``type``, ``status``, ``namePrefix``, ``limit`` and ``cursor`` ask for.

    Raises:
        InstallHubError: InvalidRequest, with every problem.
    """
    collector = ProblemCollector()
    wanted = ArtifactFilter(
        type=collector.read(lambda: member_parameter(request, "type", ArtifactType)),
        status=collector.read(lambda: member_parameter(request, "status", ArtifactStatus)),
        name_prefix=collector.read(lambda: short_text_parameter(request, "namePrefix", MAX_NAME_LENGTH)),
    )
    limit = collector.read(lambda: page_size(request)) or DEFAULT_PAGE_SIZE
    collector.raise_if_any()
    return ListQuery(wanted, limit, request.query_parameter("cursor"))
