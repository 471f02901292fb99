"""The outcome events on the bus: their source, their types and the names of their schemas."""

from __future__ import annotations

from typing import Final

EVENT_SOURCE: Final = "installhub"
PACKAGE_EXPORTED: Final = "PackageExported"
PACKAGE_EXPORT_FAILED: Final = "PackageExportFailed"
SCHEMA_VERSION: Final = 1


def data_schema(event_type: str) -> str:
    """The name of the schema that an event's ``data`` follows."""
    return f"urn:installhub:event:{event_type}:{SCHEMA_VERSION}"
