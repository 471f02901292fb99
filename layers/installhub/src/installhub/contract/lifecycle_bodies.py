"""Builds what responses contain of the lifecycle of packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from installhub.model.lifecycle import LifecycleState
    from installhub.packages.records import PackageRecord


def lifecycle_body(record: PackageRecord) -> dict[str, Any]:
    """The body for a package whose lifecycle was changed."""
    description = record.description
    return {
        "packageId": description.package_id,
        "packageName": description.name,
        "version": description.version,
        **lifecycle_fields(record.state),
    }


def lifecycle_fields(state: LifecycleState) -> dict[str, Any]:
    """The fields for the lifecycle of a package, as JSON."""
    return {
        "lifecycle": state.lifecycle.value,
        "reason": state.reason,
        "replacedBy": state.replaced_by,
        "lifecycleHistory": [change.as_json() for change in state.history],
    }
