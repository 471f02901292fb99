"""Changes the lifecycle of packages."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from installhub.model.errors import ErrorCode, InstallHubError, ServiceUnavailableError
from installhub.model.lifecycle import Lifecycle, LifecycleChange, LifecycleState
from installhub.model.precondition import Precondition
from installhub.model.timestamps import format_timestamp
from installhub.packages.indexed_lifecycle import IndexedLifecycle
from installhub.packages.lookup import find_package, is_package_id
from installhub.packages.records import PackageRecord
from installhub.packages.store import PackageStore
from installhub.runtime.aws_errors import sleep_before_retry

_MAX_ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class LifecyclePatch:
    """Which fields of the lifecycle to change, and how (RFC 7396).

    Attributes:
        lifecycle: The new state; None to keep it.
        reason: The new reason; None to remove it.
        replaced_by: Id of the package to use instead; None to remove it.
        named: Which of the fields "reason" and "replacedBy" are to be changed.
    """

    lifecycle: Lifecycle | None = None
    reason: str | None = None
    replaced_by: str | None = None
    named: frozenset[str] = frozenset()

    def apply(self, state: LifecycleState) -> tuple[Lifecycle, str | None, str | None]:
        """The lifecycle, reason and replacement that a package with ``state`` is to have.

        Without new ones, an active package has no reason and no replacement.

        Raises:
            InstallHubError: InvalidRequest, if a reason is missing.
        """
        lifecycle = self.lifecycle or state.lifecycle
        becomes_active = lifecycle is Lifecycle.ACTIVE and state.lifecycle is not Lifecycle.ACTIVE
        kept = LifecycleState() if becomes_active else state
        reason = self.reason if "reason" in self.named else kept.reason
        if lifecycle is not Lifecycle.ACTIVE and reason is None:
            detail = f"reason: is required for a package that is {lifecycle.value}"
            raise InstallHubError.of(ErrorCode.INVALID_REQUEST, detail, pointer="/reason")
        return lifecycle, reason, self.replaced_by if "replacedBy" in self.named else kept.replaced_by


@dataclass(frozen=True, slots=True)
class LifecycleManager:
    """Changes the lifecycle of packages.

    Attributes:
        packages: The packages table.
        index: The package index.
        clock: Returns epoch seconds.
    """

    packages: PackageStore
    index: IndexedLifecycle
    clock: Callable[[], float]

    def change(
        self,
        package_id: str,
        tenants: Collection[str],
        patch: LifecyclePatch,
        precondition: Precondition,
        changed_by: str,
    ) -> PackageRecord:
        """Change the lifecycle of a package of one of ``tenants``, and return the package.

        Nothing is written if nothing changes. Lists show the change at once; if the package index is unavailable, as
        soon as the stream of the packages table has delivered it.

        Raises:
            InstallHubError: PackageNotFound, PreconditionFailed, or InvalidRequest if a reason is missing, or if the
                replacement is not another package of the tenant.
            ServiceUnavailableError: A service is unavailable, or concurrent requests kept changing the package.
        """
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            record = find_package(self.packages, package_id, tenants)
            precondition.check(record.revision, "package")
            lifecycle, reason, replaced_by = patch.apply(record.state)
            self._check_replacement(record, replaced_by)
            state = record.state
            if (lifecycle, reason, replaced_by) == (state.lifecycle, state.reason, state.replaced_by):
                return record
            change = LifecycleChange(lifecycle, reason, replaced_by, format_timestamp(self.clock()), changed_by)
            changed = self.packages.change_lifecycle(record, state.changed(change))
            if changed is not None:
                self.index.update(changed)
                return changed
            sleep_before_retry(attempt)
        raise ServiceUnavailableError("dynamodb")

    def _check_replacement(self, record: PackageRecord, replaced_by: str | None) -> None:
        if replaced_by is None or replaced_by == record.state.replaced_by:
            return
        is_other = is_package_id(replaced_by) and replaced_by != record.description.package_id
        if not is_other or self.packages.find_for_tenants(replaced_by, [record.tenant]) is None:
            detail = "replacedBy: is not the id of another package of the tenant"
            raise InstallHubError.of(ErrorCode.INVALID_REQUEST, detail, pointer="/replacedBy")
