"""Publishes the artifacts of a batch request, each on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from installhub.artifacts.validation import ArtifactInput
from installhub.model.errors import Problem, ServiceUnavailableError

if TYPE_CHECKING:
    from installhub.artifacts.publisher import Publisher
    from installhub.contract.artifact_documents import ArtifactEntry

_PARTLY_STORED = "A backing service is unavailable. Some artifacts may have been stored; repeating the batch is safe."


def publish_batch(
    publisher: Publisher, entries: Sequence[ArtifactEntry]
) -> list[tuple[str | None, str | Sequence[Problem]]]:
    """Publish the valid artifacts. Returns for each its id and what was done, or why it was refused.

    Raises:
        ServiceUnavailableError: A service is unavailable; some artifacts may have been stored.
    """
    valid = [entry.content for entry in entries if isinstance(entry.content, ArtifactInput)]
    try:
        published = iter(list(publisher.publish_each(valid)))
    except ServiceUnavailableError as error:
        raise ServiceUnavailableError(error.service, _PARTLY_STORED) from error
    return [
        (entry.artifact_id, next(published).change.value if isinstance(entry.content, ArtifactInput) else entry.content)
        for entry in entries
    ]
