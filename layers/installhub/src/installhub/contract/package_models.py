"""Models of lists of packages and of their lifecycle, from which the OpenAPI document is generated.

No function imports this module: :mod:`installhub.contract.lifecycle_documents` validates requests.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema  # noqa: TC002  # pydantic reads the annotations

from installhub.contract.response_models import LifecycleChange, ResponseModel, optional_field
from installhub.model.artifact import PackageType
from installhub.model.lifecycle import MAX_HISTORY, MAX_REASON_LENGTH, Lifecycle


class LifecyclePatch(ResponseModel):
    """Body of PATCH /packages/{packageId}: a JSON Merge Patch (RFC 7396). Missing fields keep their values."""

    model_config = ConfigDict(extra="forbid")

    lifecycle: Lifecycle | SkipJsonSchema[None] = optional_field("The new state.")
    reason: str | None = Field(
        default=None, max_length=MAX_REASON_LENGTH, description="Why; required for a package that is not active."
    )
    replaced_by: str | None = Field(
        default=None, description="Id of the package to use instead, which belongs to the same tenant."
    )


class PackageLifecycle(ResponseModel):
    """Body of the response to PATCH /packages/{packageId}."""

    package_id: str
    package_name: str
    version: str
    lifecycle: Lifecycle
    reason: str | None
    replaced_by: str | None
    lifecycle_history: list[LifecycleChange] = Field(description=f"The newest {MAX_HISTORY} changes, the oldest first.")


class ListedPackage(ResponseModel):
    """A package in a list."""

    package_id: str
    package_name: str
    version: str
    package_type: PackageType
    description: str | None
    author: str | None
    tags: list[str]
    tenant_id: str
    artifact_count: int
    bundle_size: int = Field(description="Size of the ZIP in bytes.")
    checksum: str = Field(description="`sha256:<hex>` of the ZIP.")
    exported_at: str = Field(description="RFC 3339, UTC.")
    exported_by: str = Field(description="The caller's subject, or the event source, inbox object or invocation.")
    lifecycle: Lifecycle
    bundle_download_url: str = Field(description="Path relative to the API's base URL.")


class PackageList(ResponseModel):
    """Body of the response to GET /packages."""

    packages: list[ListedPackage] = Field(description="The newest first.")
    next_cursor: str | None = Field(description="The `cursor` of the next page; null if there is none.")


class VersionList(ResponseModel):
    """Body of the response to GET /packages/versions."""

    versions: list[ListedPackage] = Field(description="The highest version first.")
    latest: str | None = Field(description="The highest active version that is no pre-release.")
    latest_prerelease: str | None = Field(description="The highest active version that is a pre-release.")
    next_cursor: str | None = Field(description="The `cursor` of the next page; null if there is none.")
