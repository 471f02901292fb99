"""Names of the events on the bus: source, types and schemas."""

from __future__ import annotations

from typing import Final

EVENT_SOURCE: Final = "installhub"
PACKAGE_EXPORTED: Final = "PackageExported"
PACKAGE_EXPORT_FAILED: Final = "PackageExportFailed"
PACKAGE_LIFECYCLE_CHANGED: Final = "PackageLifecycleChanged"
ARTIFACT_PUBLISHED: Final = "ArtifactPublished"
ARTIFACT_DELETED: Final = "ArtifactDeleted"
SCHEMA_VERSION: Final = 1


def data_schema(event_type: str) -> str:
    """The ``dataschema`` of events of a type: a URN with the version of the schema."""
    return f"urn:installhub:event:{event_type}:{SCHEMA_VERSION}"
