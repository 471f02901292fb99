"""Models of artifacts in requests and responses, from which the OpenAPI document is generated.

No function imports this module: :mod:`installhub.artifacts.validation` validates requests.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, JsonValue
from pydantic.json_schema import SkipJsonSchema  # noqa: TC002  # pydantic reads the annotations

from installhub.artifacts.requirement_validation import (
    MAX_DESCRIPTION_LENGTH,
    MAX_REQUIREMENTS,
)
from installhub.artifacts.validation import MAX_ACKNOWLEDGED
from installhub.contract.artifact_documents import MAX_BATCH_ARTIFACTS
from installhub.contract.response_models import ProblemItem, ResponseModel, optional_field
from installhub.model.artifact import MAX_ID_LENGTH, MAX_NAME_LENGTH, ArtifactStatus, ArtifactType, PackageType
from installhub.model.findings import FINGERPRINT_PATTERN
from installhub.model.requirement import RequirementKind, ValueType

_DIGEST: Final = "^[0-9a-f]{64}$"
_EXAMPLE_TIME: Final = "2026-05-25T09:00:00Z"
_Fingerprint = Field(
    pattern=FINGERPRINT_PATTERN, description="Equal for equal secrets of a tenant; the secret cannot be read from it."
)
_Id = Field(min_length=1, max_length=MAX_ID_LENGTH, description="Printable characters.")


class RequirementDocument(ResponseModel):
    """What an artifact needs from the tenant it will run in."""

    model_config = ConfigDict(extra="forbid")

    name: str = _Id
    kind: RequirementKind
    description: str | SkipJsonSchema[None] = optional_field("For the person who supplies it.", MAX_DESCRIPTION_LENGTH)
    value_type: ValueType | SkipJsonSchema[None] = optional_field("The type of the value that the tenant supplies.")
    default: str | float | bool | SkipJsonSchema[None] = optional_field(
        "The value if the tenant supplies none. Not for a secret."
    )


class ArtifactFields(ResponseModel):
    """The fields of an artifact that its editor sets."""

    type: ArtifactType
    name: str = Field(min_length=1, max_length=MAX_NAME_LENGTH)
    status: ArtifactStatus = Field(description="Only published artifacts can be exported.")
    dependencies: list[str] = Field(description="Ids of the artifacts it depends on, in order.")


class _NewArtifact(ArtifactFields):
    model_config = ConfigDict(extra="forbid")

    definition: JsonValue = Field(description="Any JSON value; at most 50 MB as canonical JSON.")
    requirements: list[RequirementDocument] | SkipJsonSchema[None] = optional_field(
        "What it needs from the tenant it will run in.", MAX_REQUIREMENTS
    )
    acknowledged_findings: list[Annotated[str, _Fingerprint]] | SkipJsonSchema[None] = optional_field(
        "Fingerprints of findings that are no secrets, and do not prevent exports.", MAX_ACKNOWLEDGED
    )


class ArtifactDocument(_NewArtifact):
    """Body of PUT /artifacts/{artifactId}."""

    tenant_id: str | SkipJsonSchema[None] = optional_field(
        "Required unless the header X-Tenant-Id specifies the tenant."
    )


class BatchArtifact(_NewArtifact):
    """An artifact in a batch."""

    artifact_id: str = _Id


class ArtifactBatch(ResponseModel):
    """Body of POST /artifacts/batch."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: str | SkipJsonSchema[None] = optional_field(
        "Required unless the header X-Tenant-Id specifies the tenant."
    )
    artifacts: list[BatchArtifact] = Field(min_length=1, max_length=MAX_BATCH_ARTIFACTS)


class Finding(ResponseModel):
    """What looks like a secret in an artifact."""

    rule: str = Field(description="The kind of secret, such as `github-token`; `more-findings` if there are too many.")
    pointer: str = Field(description="JSON pointer to it in the artifact as it is published (RFC 6901).")
    fingerprint: str = _Fingerprint


class ArtifactLinks(ResponseModel):
    """Paths relative to the API's base URL."""

    self: str
    definition: str
    dependents: str
    packages: str


class Artifact(ArtifactFields):
    """An artifact without its definition."""

    artifact_id: str
    sha256: str = Field(pattern=_DIGEST, description="Digest of the definition as canonical JSON.")
    size: int = Field(description="Size of the definition as canonical JSON, in bytes.")
    requirements: list[RequirementDocument]
    updated_at: str | None = Field(
        description="RFC 3339, UTC; null if it was last changed before that was recorded.", examples=[_EXAMPLE_TIME]
    )
    findings: list[Finding] = Field(description="What looks like a secret, acknowledged or not.")
    acknowledged_findings: list[str] = Field(description="Fingerprints as published.")
    links: ArtifactLinks


class PublishedArtifact(Artifact):
    """Body of the response to PUT /artifacts/{artifactId}."""

    change: Literal["created", "updated", "unchanged"]


class ArtifactList(ResponseModel):
    """Body of the response to GET /artifacts."""

    artifacts: list[Artifact]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null if there is none.")


class BatchResult(ResponseModel):
    """The result for one artifact of a batch: what was done, or why it was refused."""

    artifact_id: str | SkipJsonSchema[None] = optional_field("Omitted if the artifact has no valid one.")
    change: Literal["created", "updated", "unchanged"] | SkipJsonSchema[None] = optional_field("What was done.")
    errors: list[ProblemItem] | SkipJsonSchema[None] = optional_field("Why it was refused.")


class BatchResponse(ResponseModel):
    """Body of the response to POST /artifacts/batch."""

    results: list[BatchResult] = Field(description="In the order of the request.")
    created: int
    updated: int
    unchanged: int
    refused: int


class DependentArtifact(ResponseModel):
    """An artifact that depends on another one."""

    artifact_id: str
    type: ArtifactType
    name: str
    status: ArtifactStatus
    path: list[str] = Field(description="Ids from the dependent to the artifact, both included.")
    links: ArtifactLinks


class DependentList(ResponseModel):
    """Body of the response to GET /artifacts/{artifactId}/dependents."""

    artifact_id: str
    dependents: list[DependentArtifact] = Field(description="The nearest first, then by id.")


class PackageLinks(ResponseModel):
    """Paths relative to the API's base URL."""

    self: str
    download: str


class ContainingPackage(ResponseModel):
    """A package that contains an artifact."""

    package_id: str
    package_name: str
    version: str
    package_type: PackageType
    exported_at: str = Field(description="RFC 3339, UTC.", examples=[_EXAMPLE_TIME])
    sha256: str = Field(pattern=_DIGEST, description="Digest of the artifact's definition in this package.")
    links: PackageLinks


class ArtifactPackageList(ResponseModel):
    """Body of the response to GET /artifacts/{artifactId}/packages."""

    artifact_id: str
    packages: list[ContainingPackage] = Field(description="The newest first.")
    next_cursor: str | None = Field(description="The `cursor` of the next page; null if there is none.")


MODELS: Final[dict[str, Any]] = {
    model.__name__: model
    for model in (
        *(ArtifactDocument, ArtifactBatch, Artifact, PublishedArtifact),
        *(ArtifactList, BatchResponse, DependentList, ArtifactPackageList),
    )
}
"""The models by the names that routes use."""
