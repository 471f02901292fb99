"""Models of comparisons of packages, from which the OpenAPI document is generated. No function imports this module."""

from __future__ import annotations

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema  # noqa: TC002  # pydantic reads the annotations

from installhub.changes.adviser import Document, Side
from installhub.changes.json_diff import Operation
from installhub.changes.rules import Bump, Rule
from installhub.contract.artifact_models import RequirementDocument
from installhub.contract.response_models import ArtifactSummary, ResponseModel, optional_field
from installhub.model.artifact import ArtifactType
from installhub.packages.comparison import MAX_PLACES


class ComparedPackage(ResponseModel):
    """One of the two packages of a comparison. Their names may differ."""

    package_id: str
    package_name: str
    version: str


class ComparedArtifact(ArtifactSummary):
    """An artifact that only one of the packages has."""

    sha256: str = Field(description="Digest of the definition.")


class ChangedPlace(ResponseModel):
    """A place in a definition. Applied in this order, the changes turn the old definition into the new one."""

    op: Operation
    pointer: str = Field(description="JSON pointer into the definition (RFC 6901).")


class ChangedArtifact(ComparedArtifact):
    """An artifact that both packages have, but not the same: as it is in `to`."""

    previous_sha256: str = Field(description="Digest of the definition in `from`.")
    previous_type: ArtifactType | SkipJsonSchema[None] = optional_field("If the type changed.")
    previous_name: str | SkipJsonSchema[None] = optional_field("If the name changed.")
    dependencies_added: list[str] = Field(description="Ids that only `to` has.")
    dependencies_removed: list[str] = Field(description="Ids that only `from` has.")
    requirements: list[RequirementDocument] | SkipJsonSchema[None] = optional_field("If they changed.")
    previous_requirements: list[RequirementDocument] | SkipJsonSchema[None] = optional_field("If they changed.")
    changes: list[ChangedPlace] = Field(description=f"Where the definition changed, at most {MAX_PLACES} places.")
    truncated: bool = Field(description="Whether there are or may be more places: the definition may be too large.")


class VersionReason(ResponseModel):
    """Why a version step is suggested."""

    rule: Rule
    bump: Bump = Field(description="What the rule suggests.")
    detail: str
    artifact_id: str | SkipJsonSchema[None] = optional_field("The artifact; omitted if the package itself changed.")
    package: Side = Field(description="The package that shows it.")
    document: Document = Field(description="What `pointer` leads into.")
    pointer: str = Field(description="JSON pointer (RFC 6901).")


class PackageDiff(ResponseModel):
    """Body of the response to GET /packages/{packageId}/diff as JSON."""

    from_: ComparedPackage = Field(alias="from")
    to: ComparedPackage
    added: list[ComparedArtifact] = Field(description="Artifacts that only `to` has.")
    removed: list[ComparedArtifact] = Field(description="Artifacts that only `from` has.")
    changed: list[ChangedArtifact]
    unchanged: int = Field(description="Number of artifacts that are the same.")
    suggested_bump: Bump = Field(description="The highest of all reasons; `none` without any.")
    reasons: list[VersionReason] = Field(description="The most important first.")
