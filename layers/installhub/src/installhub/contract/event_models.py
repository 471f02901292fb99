"""Models of the events, from which the schemas in docs/events are generated. No function imports this module.

Events are CloudEvents 1.0 in the JSON format. Consumers should ignore unknown fields: fields may be added
without a new version. Breaking changes increment the version in ``dataschema``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema  # noqa: TC002  # pydantic reads the annotations

from installhub.contract.event_types import (
    ARTIFACT_DELETED,
    ARTIFACT_PUBLISHED,
    PACKAGE_EXPORT_FAILED,
    PACKAGE_EXPORTED,
    PACKAGE_LIFECYCLE_CHANGED,
    data_schema,
)
from installhub.contract.response_models import ProblemItem, ResponseModel, optional_field
from installhub.model.artifact import ArtifactStatus, ArtifactType, PackageType
from installhub.model.errors import ErrorCode
from installhub.model.lifecycle import Lifecycle

_EXAMPLE_REQUEST_ID: Final = "event:com.example.hr/6a7e8feb-b491-4cf7-a9f1-bf3703467718"
_UNLESS_UNREADABLE: Final = "Omitted if the request was unreadable."


class CloudEvent(ResponseModel):
    """The fields of every event."""

    specversion: Literal["1.0"]
    id: str = Field(description="The same whenever the event is delivered again.")
    source: str = Field(description="Identifies the stack.", examples=["/installhub/installhub"])
    subject: str = Field(description="A packageId, an artifactId, or a requestId if there is no package.")
    time: str = Field(description="RFC 3339, UTC.", examples=["2026-05-25T09:00:00Z"])
    datacontenttype: Literal["application/json"]


class PackageExportedData(ResponseModel):
    """Data of a PackageExported event."""

    tenant_id: str
    package_id: str
    package_name: str
    version: str
    package_type: PackageType
    checksum: str = Field(description="`sha256:<hex>` of the ZIP.")
    artifact_count: int
    bundle_bytes: int
    bundle_download_url: str = Field(description="Path relative to the API's base URL.")
    exported_at: str = Field(description="RFC 3339, UTC.")
    exported_by: str = Field(description="The caller's subject, or the event source, inbox object or invocation.")
    request_id: str | SkipJsonSchema[None] = optional_field("Id of the request, if it has one.")


class PackageExportFailedData(ResponseModel):
    """Data of a PackageExportFailed event."""

    tenant_id: str | SkipJsonSchema[None] = optional_field(_UNLESS_UNREADABLE)
    package_id: str | SkipJsonSchema[None] = optional_field(_UNLESS_UNREADABLE)
    package_name: str | SkipJsonSchema[None] = optional_field(_UNLESS_UNREADABLE)
    version: str | SkipJsonSchema[None] = optional_field(_UNLESS_UNREADABLE)
    request_id: str = Field(description="Id of the request.", examples=[_EXAMPLE_REQUEST_ID])
    requested_by: str = Field(description="The caller's subject, or the event source or inbox object.")
    failed_at: str = Field(description="RFC 3339, UTC.")
    error_code: ErrorCode
    error_count: int = Field(description="The number of problems.")
    errors: list[ProblemItem] = Field(
        description="The problems, most important first, as in HTTP responses; at most 180 KB of them."
    )


class PackageLifecycleChangedData(ResponseModel):
    """Data of a PackageLifecycleChanged event."""

    tenant_id: str
    package_id: str
    package_name: str
    version: str
    previous_lifecycle: Lifecycle
    lifecycle: Lifecycle
    reason: str | SkipJsonSchema[None] = optional_field("Why, unless the package became active without a reason.")
    replaced_by: str | SkipJsonSchema[None] = optional_field("Id of the package to use instead.")
    changed_at: str = Field(description="RFC 3339, UTC.")
    changed_by: str = Field(description="The caller's subject.")
    revision: int = Field(description="Number of all changes; a lower one than already seen is outdated.")


class ArtifactData(ResponseModel):
    """An artifact in an event."""

    tenant_id: str
    artifact_id: str
    type: ArtifactType
    name: str
    status: ArtifactStatus
    sha256: str = Field(description="Digest of the definition as canonical JSON.")
    size: int = Field(description="Size of the definition as canonical JSON, in bytes.")
    revision: str = Field(description="The ETag of the artifact, without quotes.")


class ArtifactPublishedData(ArtifactData):
    """Data of an ArtifactPublished event."""

    change: Literal["created", "updated"]
    published_at: str = Field(description="RFC 3339, UTC.")


class ArtifactDeletedData(ArtifactData):
    """Data of an ArtifactDeleted event: the artifact as it was."""

    deleted_at: str = Field(description="RFC 3339, UTC.")


class PackageExported(CloudEvent):
    """Detail of a PackageExported event."""

    type: Literal["PackageExported"]
    dataschema: Literal["urn:installhub:event:PackageExported:1"]
    data: PackageExportedData


class PackageExportFailed(CloudEvent):
    """Detail of a PackageExportFailed event."""

    type: Literal["PackageExportFailed"]
    dataschema: Literal["urn:installhub:event:PackageExportFailed:1"]
    data: PackageExportFailedData


class PackageLifecycleChanged(CloudEvent):
    """Detail of a PackageLifecycleChanged event."""

    type: Literal["PackageLifecycleChanged"]
    dataschema: Literal["urn:installhub:event:PackageLifecycleChanged:1"]
    data: PackageLifecycleChangedData


class ArtifactPublished(CloudEvent):
    """Detail of an ArtifactPublished event."""

    type: Literal["ArtifactPublished"]
    dataschema: Literal["urn:installhub:event:ArtifactPublished:1"]
    data: ArtifactPublishedData


class ArtifactDeleted(CloudEvent):
    """Detail of an ArtifactDeleted event."""

    type: Literal["ArtifactDeleted"]
    dataschema: Literal["urn:installhub:event:ArtifactDeleted:1"]
    data: ArtifactDeletedData


EVENTS: Final[Mapping[str, type[CloudEvent]]] = {
    data_schema(PACKAGE_EXPORTED): PackageExported,
    data_schema(PACKAGE_EXPORT_FAILED): PackageExportFailed,
    data_schema(PACKAGE_LIFECYCLE_CHANGED): PackageLifecycleChanged,
    data_schema(ARTIFACT_PUBLISHED): ArtifactPublished,
    data_schema(ARTIFACT_DELETED): ArtifactDeleted,
}
"""The models of the events, by ``dataschema``."""
