"""The lifecycle of packages: whether a package should still be used. Its bytes never change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

MAX_REASON_LENGTH: Final = 1_000
"""Maximum length of a reason, in characters."""

MAX_HISTORY: Final = 100
"""Maximum number of changes that are kept."""

MAX_HISTORY_BYTES: Final = 200_000
"""Maximum size of the changes that are kept, as JSON: an item of DynamoDB, which contains them, has at most 400 KB."""


class Lifecycle(StrEnum):
    """The states of a package."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    YANKED = "yanked"


@dataclass(frozen=True, slots=True)
class LifecycleChange:
    """A change of the lifecycle.

    Attributes:
        lifecycle: The new state.
        reason: Why, for those who use the package.
        replaced_by: Id of the package to use instead.
        changed_at: When, RFC 3339 in UTC.
        changed_by: The caller's subject.
    """

    lifecycle: Lifecycle
    reason: str | None
    replaced_by: str | None
    changed_at: str
    changed_by: str

    def as_json(self) -> dict[str, Any]:
        """The change as a JSON object, without the fields that do not apply."""
        fields = {
            "lifecycle": self.lifecycle.value,
            "reason": self.reason,
            "replacedBy": self.replaced_by,
            "changedAt": self.changed_at,
            "changedBy": self.changed_by,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> LifecycleChange:
        """The inverse of :meth:`as_json`."""
        return cls(
            lifecycle=Lifecycle(fields["lifecycle"]),
            reason=fields.get("reason"),
            replaced_by=fields.get("replacedBy"),
            changed_at=fields["changedAt"],
            changed_by=fields["changedBy"],
        )


@dataclass(frozen=True, slots=True)
class LifecycleState:
    """The lifecycle of a package and how it came about. A new package is active.

    Attributes:
        history: The newest changes, the oldest first.
        revision: Number of all changes.
    """

    history: tuple[LifecycleChange, ...] = ()
    revision: int = 0

    @property
    def lifecycle(self) -> Lifecycle:
        """The current state."""
        return self.history[-1].lifecycle if self.history else Lifecycle.ACTIVE

    @property
    def reason(self) -> str | None:
        """The reason for the current state."""
        return self.history[-1].reason if self.history else None

    @property
    def replaced_by(self) -> str | None:
        """Id of the package to use instead."""
        return self.history[-1].replaced_by if self.history else None

    def changed(self, change: LifecycleChange) -> LifecycleState:
        """The lifecycle after ``change``. The oldest changes are dropped if there are too many."""
        history = (*self.history, change)[-MAX_HISTORY:]
        sizes = [len(json.dumps(kept.as_json())) for kept in history]
        while sum(sizes) > MAX_HISTORY_BYTES and len(sizes) > 1:
            del sizes[0]
        return LifecycleState(history[-len(sizes) :], self.revision + 1)
