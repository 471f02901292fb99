"""The models of the outcome events, for the schemas in docs/events. They are CloudEvents 1.0 in the JSON format.

Consumers should ignore unknown fields: a version may get more of them. A breaking change is a new version, which
``dataschema`` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema  # noqa: TC002  # pydantic reads the annotations

from installhub.contract.event_types import PACKAGE_EXPORT_FAILED, PACKAGE_EXPORTED, data_schema
from installhub.contract.response_models import ProblemItem, ResponseModel, optional_field
from installhub.model.artifact import PackageType
from installhub.model.errors import ErrorCode

_EXAMPLE_REQUEST_ID = "event:com.example.hr/6a7e8feb-b491-4cf7-a9f1-bf3703467718"


class CloudEvent(ResponseModel):
    """The fields of every outcome event."""

    specversion: Literal["1.0"]
    id: str = Field(description="The same when the event is repeated.")
    source: str = Field(description="The stack.", examples=["/installhub/installhub"])
    subject: str = Field(description="The packageId, or the requestId if there is no package.")
    time: str = Field(description="RFC 3339, UTC.", examples=["2026-05-25T09:00:00Z"])
    datacontenttype: Literal["application/json"]


class PackageExportedData(ResponseModel):
    """The exported package."""

    tenant_id: str
    package_id: str
    package_name: str
    version: str
    package_type: PackageType
    checksum: str = Field(description="`sha256:<hex>` of the ZIP.")
    artifact_count: int
    bundle_bytes: int
    bundle_download_url: str = Field(description="Path below the API's base URL.")
    exported_at: str
    exported_by: str = Field(description="The caller's subject, or the event source, inbox object or invocation.")
    request_id: str | SkipJsonSchema[None] = optional_field("The request that created it, if it has an id.")


class PackageExportFailedData(ResponseModel):
    """The failed request."""

    tenant_id: str | SkipJsonSchema[None] = optional_field("Unless the request was unreadable.")
    package_id: str | SkipJsonSchema[None] = optional_field("Unless the request was unreadable.")
    package_name: str | SkipJsonSchema[None] = optional_field("Unless the request was unreadable.")
    version: str | SkipJsonSchema[None] = optional_field("Unless the request was unreadable.")
    request_id: str = Field(description="The request.", examples=[_EXAMPLE_REQUEST_ID])
    requested_by: str
    failed_at: str
    error_code: ErrorCode
    error_count: int = Field(description="The number of problems.")
    errors: list[ProblemItem] = Field(
        description="The problems, most important first, as in HTTP responses; at most 180 KB of them."
    )


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


OUTCOMES: Final[Mapping[str, type[CloudEvent]]] = {
    data_schema(PACKAGE_EXPORTED): PackageExported,
    data_schema(PACKAGE_EXPORT_FAILED): PackageExportFailed,
}
"""The models of the outcome events, by the name of their schema."""
