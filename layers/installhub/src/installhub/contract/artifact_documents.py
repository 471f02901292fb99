"""Reads artifact documents: the bodies of PUT and POST, and the lines of a file drop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from installhub.artifacts.validation import ArtifactInput, InvalidArtifactError
from installhub.contract.json_objects import read_json_object
from installhub.model.artifact import MAX_ID_LENGTH
from installhub.model.errors import ErrorCode, InstallHubError, Problem
from installhub.model.strict_json import InvalidJsonError, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from installhub.artifacts.field_reader import FieldProblem

MAX_DOCUMENT_BYTES: Final = 4_400_000
"""Maximum size of a request with artifacts: Lambda accepts 6 MB, and API Gateway encodes the body in base64."""

MAX_BATCH_ARTIFACTS: Final = 500
"""Maximum number of artifacts in one batch."""

MAX_LINE_BYTES: Final = 64 * 1024 * 1024
"""Maximum size of a line of a file drop: a definition of maximum size, and room for whitespace and escapes."""


class ArtifactEntry(NamedTuple):
    """One of several artifacts.

    Attributes:
        artifact_id: Its id, if it has one.
        content: The artifact, or why it is refused.
    """

    artifact_id: str | None
    content: ArtifactInput | Sequence[Problem]


def read_document(content: bytes) -> Mapping[str, Any]:
    """The JSON object in a request body.

    Raises:
        InstallHubError: RequestTooLarge or InvalidRequest.
    """
    advice = "Split the batch, or drop large definitions into the inbox bucket."
    return read_json_object(content, MAX_DOCUMENT_BYTES, advice)


def read_artifact(fields: object, tenant: str, artifact_id: str | None = None, pointer: str = "") -> ArtifactInput:
    """The artifact in a JSON object, which does not contain its tenant, nor its id if ``artifact_id`` is given.

    Args:
        fields: The JSON object.
        tenant: Id of the tenant.
        artifact_id: Id of the artifact.
        pointer: Where ``fields`` is in the request (RFC 6901).

    Raises:
        InstallHubError: InvalidRequest, with every problem.
    """
    identity = {"tenantId": tenant, **({} if artifact_id is None else {"artifactId": artifact_id})}
    if not isinstance(fields, dict):
        raise InstallHubError([_problem(pointer, "is not an object")])
    repeated = [_problem(f"{pointer}/{name}", "is not a known field") for name in identity.keys() & fields.keys()]
    try:
        artifact = ArtifactInput.from_json({**fields, **identity})
    except InvalidArtifactError as error:
        raise InstallHubError([*artifact_problems(error.problems, pointer), *repeated]) from None
    if repeated:
        raise InstallHubError(repeated)
    return artifact


def read_line(content: bytes | None) -> ArtifactEntry:
    """The artifact in a line of a file drop; ``content`` is None if there are more than :data:`MAX_LINE_BYTES`."""
    if content is None:
        return _refused_line(ErrorCode.REQUEST_TOO_LARGE, f"has more than {MAX_LINE_BYTES} bytes")
    try:
        fields = parse_json(content)
    except InvalidJsonError as error:
        return _refused_line(ErrorCode.INVALID_REQUEST, str(error))
    if not isinstance(fields, dict):
        return _refused_line(ErrorCode.INVALID_REQUEST, "is not an object")
    artifact_id = fields.get("artifactId")
    if not isinstance(artifact_id, str) or len(artifact_id) > MAX_ID_LENGTH:
        artifact_id = None
    try:
        return ArtifactEntry(artifact_id, ArtifactInput.from_json(fields))
    except InvalidArtifactError as error:
        return ArtifactEntry(artifact_id, artifact_problems(error.problems))


def _refused_line(code: ErrorCode, detail: str) -> ArtifactEntry:
    return ArtifactEntry(None, [Problem(code, f"The line {detail}.", pointer="")])


def artifact_problems(problems: Iterable[FieldProblem], pointer: str = "") -> list[Problem]:
    """Problems of an artifact that is at ``pointer`` of a document."""
    return [_problem(f"{pointer}{problem.pointer}", problem.detail) for problem in problems]


def _problem(pointer: str, detail: str) -> Problem:
    place = pointer.removeprefix("/") or "body"
    return Problem(ErrorCode.INVALID_REQUEST, f"{place}: {detail}", pointer=pointer)
