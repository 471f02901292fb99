"""Reports artifacts of a closure that contain what looks like a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from installhub.model.errors import ErrorCode, Problem

if TYPE_CHECKING:
    from installhub.resolver.closure import Closure


def secrets_found(closure: Closure) -> Iterator[Problem]:
    """Yield a problem for each finding that has not been acknowledged.

    Artifacts that were published before they were searched for secrets have none: `make scan-artifacts`.
    """
    for node in closure.nodes.values():
        for found in node.unacknowledged:
            yield Problem(
                ErrorCode.SECRET_FOUND,
                f"Artifact {node.id!r} contains what looks like a secret (rule {found.rule}, fingerprint "
                f"{found.fingerprint}).",
                artifact_id=node.id,
                pointer=found.pointer,
            )
