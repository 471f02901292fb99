"""Preconditions of a write: the revision that it expects to replace (RFC 9110, 13.1)."""

from __future__ import annotations

from dataclasses import dataclass

from installhub.model.errors import ErrorCode, InstallHubError


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must be true of an artifact or a package for a write to take place. By default, nothing.

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

    def check(self, current: str | None, what: str) -> None:
        """Check the current revision.

        Args:
            current: The revision; None if it does not exist.
            what: What it is, for error messages.

        Raises:
            InstallHubError: PreconditionFailed.
        """
        if self.must_not_exist and current is not None:
            raise _failed(f"The {what} already exists.")
        if current is not None and current in self.excluded:
            raise _failed(f"The {what} has a revision in `If-None-Match`.")
        if self.revisions is None:
            return
        if current is None:
            raise _failed(f"The {what} does not exist.")
        if not self.any_revision and current not in self.revisions:
            raise _failed(f"The {what} has changed since the revision in `If-Match`. Get it again.")


def _failed(detail: str) -> InstallHubError:
    return InstallHubError.of(ErrorCode.PRECONDITION_FAILED, detail)
