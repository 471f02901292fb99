"""Preconditions of a write: the revision that it expects to replace (RFC 9110, 13.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from installhub.model.errors import ErrorCode, InstallHubError

if TYPE_CHECKING:
    from installhub.model.artifact import ArtifactNode


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must be true of an artifact for a write to take place. By default, nothing.

    Attributes:
        revisions: It exists and has one of these revisions; None: not required.
        any_revision: It exists, whatever its revision.
        must_not_exist: It does not exist.
        excluded: It does not have one of these revisions.
    """

    revisions: frozenset[str] | None = None
    any_revision: bool = False
    must_not_exist: bool = False
    excluded: frozenset[str] = frozenset()

    def check(self, current: ArtifactNode | None) -> None:
        """Check the current revision; None if the artifact does not exist.

        Raises:
            InstallHubError: PreconditionFailed.
        """
        if self.must_not_exist and current is not None:
            raise InstallHubError.of(ErrorCode.PRECONDITION_FAILED, "The artifact already exists.")
        if current is not None and current.revision in self.excluded:
            raise InstallHubError.of(ErrorCode.PRECONDITION_FAILED, "The artifact has a revision in `If-None-Match`.")
        if self.revisions is None:
            return
        if current is None:
            raise InstallHubError.of(ErrorCode.PRECONDITION_FAILED, "The artifact does not exist.")
        if not self.any_revision and current.revision not in self.revisions:
            raise InstallHubError.of(
                ErrorCode.PRECONDITION_FAILED,
                "The artifact has changed since the revision in `If-Match`. Get it again.",
            )
