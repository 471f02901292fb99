"""Models of response bodies, from which the OpenAPI document is generated. No function imports this module."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, SkipJsonSchema, models_json_schema

from installhub.contract.request_models import RootsRequest, core_schema_for
from installhub.model.artifact import ArtifactType, PackageType
from installhub.model.errors import ErrorCode
from installhub.model.lifecycle import MAX_HISTORY, Lifecycle
from installhub.model.requirement import RequirementKind, ValueType

_IF_ASYNC: Final = "Present if the export was accepted with `Prefer: respond-async`."
_IF_FAILED: Final = "Present if the export failed."
_IF_CHANGED: Final = "Only in responses of GET, and only if the lifecycle was changed."
_EXAMPLE_PACKAGE_ID: Final = "pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33"


class ResponseModel(BaseModel):
    """Base of all models. Clients should ignore unknown fields: fields may be added to responses."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class ArtifactSummary(ResponseModel):
    """An artifact."""

    type: ArtifactType
    id: str
    name: str


class ResolvedDependency(ArtifactSummary):
    """A direct or transitive dependency of the root artifacts."""

    resolved_from: str = Field(description="Id of the artifact through which it was reached first.")


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


def optional_field(description: str, max_length: int | None = None) -> Any:  # noqa: ANN401  # what Field returns
    """A field that is omitted, never null, if it does not apply."""
    return Field(default=None, description=description, max_length=max_length, json_schema_extra=_without_default)


class ProblemItem(ResponseModel):
    """A problem with the request or the requested artifacts."""

    error_code: ErrorCode
    detail: str
    artifact_id: str | SkipJsonSchema[None] = optional_field("Id of the affected artifact.")
    required_by: list[str] | SkipJsonSchema[None] = optional_field(
        "Ids of all artifacts of the closure that depend on the affected one."
    )
    cycle: list[str] | SkipJsonSchema[None] = optional_field(
        "A closed path of artifact ids; the first and the last are the same."
    )
    pointer: str | SkipJsonSchema[None] = optional_field(
        "JSON pointer into the request body, or into the artifact's definition (RFC 6901)."
    )
    change: str | SkipJsonSchema[None] = optional_field(
        "How the affected artifact differs from what was expected: added, removed or modified."
    )
    reference: str | SkipJsonSchema[None] = optional_field("Id of the artifact that the affected one refers to.")
    suggested: str | SkipJsonSchema[None] = optional_field("A version that would be accepted.")


class ProblemDocument(ResponseModel):
    """The body of every error (RFC 9457)."""

    type: str = Field(examples=["urn:installhub:error:CircularDependency"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="Identifies this occurrence; include it in support requests.")
    is_success: Literal[False]
    error_code: ErrorCode
    errors: list[ProblemItem] = Field(description="Every problem found, most important first.")


class PreviewResponse(ResponseModel):
    """Body of the response to POST /preview."""

    root_artifacts: list[ArtifactSummary]
    resolved_dependencies: list[ResolvedDependency] = Field(description="In breadth-first order.")
    total_artifacts: int
    install_order: list[str] = Field(description="Ids, dependencies first; empty if there is a cycle.")
    has_circular_dependency: bool
    warnings: list[ProblemItem] = Field(description="Every reason why an export would be refused.")


class ManifestArtifact(ArtifactSummary):
    """An artifact in a bundle."""

    path: str = Field(description="Path of the definition within the ZIP.")
    size: int = Field(description="Size of the definition in bytes.")
    sha256: str = Field(description="SHA-256 digest of the definition, as hex.")
    dependencies: list[str] = Field(description="Ids of the artifacts it depends on.")


class ManifestRequirement(ResponseModel):
    """What the artifacts of a bundle need from the tenant they will run in."""

    name: str
    kind: RequirementKind
    description: str | SkipJsonSchema[None] = optional_field("For the person who supplies it.")
    value_type: ValueType | SkipJsonSchema[None] = optional_field("The type of the value.")
    default: str | float | bool | SkipJsonSchema[None] = optional_field("The value if the tenant supplies none.")
    required_by: list[str] = Field(description="Ids of the artifacts that declare it.")


class Manifest(ResponseModel):
    """`manifest.json`, the first entry of every bundle."""

    format_version: str
    package_id: str = Field(examples=[_EXAMPLE_PACKAGE_ID])
    name: str
    version: str
    package_type: PackageType
    description: str | None
    author: str | None
    tags: list[str]
    root_artifacts: list[str] = Field(description="Ids of the root artifacts.")
    artifacts: list[ManifestArtifact] = Field(description="In install order.")
    install_order: list[str] = Field(description="Ids, dependencies first.")
    requirements: list[ManifestRequirement] | SkipJsonSchema[None] = optional_field(
        "Sorted by name; omitted if there are none."
    )


class Progress(ResponseModel):
    """The progress of an export."""

    done: int = Field(description="Number of artifacts written so far.")
    total: int | None = Field(description="Number of artifacts to write; null until the dependencies are resolved.")


class LifecycleChange(ResponseModel):
    """A change of the lifecycle of a package."""

    lifecycle: Lifecycle
    reason: str | SkipJsonSchema[None] = optional_field("Why.")
    replaced_by: str | SkipJsonSchema[None] = optional_field("Id of the package to use instead.")
    changed_at: str = Field(description="RFC 3339, UTC.")
    changed_by: str = Field(description="The caller's subject.")


class PackageResponse(ResponseModel):
    """Body of the response to POST /export, and to GET /{packageId} for an exported package."""

    package_id: str = Field(examples=[_EXAMPLE_PACKAGE_ID])
    package_name: str
    version: str
    checksum: str = Field(description="`sha256:<hex>` of the ZIP.")
    artifact_count: int
    bundle_download_url: str = Field(description="Path relative to the API's base URL.")
    exported_at: str = Field(description="RFC 3339, UTC.", examples=["2026-05-25T09:00:00Z"])
    is_success: Literal[True]
    manifest: Manifest
    status: Literal["exported"] | SkipJsonSchema[None] = optional_field(_IF_ASYNC)
    requested_at: str | SkipJsonSchema[None] = optional_field(_IF_ASYNC)
    progress: Progress | SkipJsonSchema[None] = optional_field(_IF_ASYNC)
    lifecycle: Lifecycle | SkipJsonSchema[None] = optional_field(f"{_IF_CHANGED} Otherwise, the package is active.")
    reason: str | SkipJsonSchema[None] | None = optional_field(f"Why. {_IF_CHANGED}")
    replaced_by: str | SkipJsonSchema[None] | None = optional_field(f"Id of the package to use instead. {_IF_CHANGED}")
    lifecycle_history: list[LifecycleChange] | SkipJsonSchema[None] = optional_field(
        f"The newest {MAX_HISTORY} changes, the oldest first. {_IF_CHANGED}"
    )


class PendingResponse(ResponseModel):
    """Body of the response to POST /export with `respond-async`, and to GET /{packageId} until the export is done."""

    package_id: str = Field(examples=[_EXAMPLE_PACKAGE_ID])
    package_name: str
    version: str
    status: Literal["queued", "exporting", "failed"]
    requested_at: str = Field(description="RFC 3339, UTC.", examples=["2026-05-25T09:00:00Z"])
    status_url: str = Field(description="Path relative to the API's base URL.")
    progress: Progress | SkipJsonSchema[None] = optional_field("Omitted if the export failed.")
    is_success: Literal[False] | SkipJsonSchema[None] = optional_field(_IF_FAILED)
    error_code: ErrorCode | SkipJsonSchema[None] = optional_field(_IF_FAILED)
    errors: list[ProblemItem] | SkipJsonSchema[None] = optional_field(
        "Present if the export failed: every reason, most important first."
    )


class _SchemaWithoutTitles(GenerateJsonSchema):
    """Omits the titles of fields, which would only repeat their names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Return False."""
        del schema
        return False


def json_schemas(models: Iterable[type[BaseModel | RootsRequest]], ref_template: str) -> dict[str, Any]:
    """The JSON schemas of ``models`` and of the models they refer to, by name.

    Args:
        models: Request, response or event models.
        ref_template: Format of references between schemas, with the placeholder ``{model}``.
    """
    request_schemas: dict[str, Any] = {}
    pydantic_models: list[tuple[type[BaseModel], Literal["validation"]]] = []
    for model in models:
        if issubclass(model, BaseModel):
            pydantic_models.append((model, "validation"))
        else:
            generator = _SchemaWithoutTitles(ref_template=ref_template)
            request_schemas[model.__name__] = generator.generate(core_schema_for(model))
    _, schema = models_json_schema(pydantic_models, ref_template=ref_template, schema_generator=_SchemaWithoutTitles)
    return dict(sorted({**request_schemas, **schema.get("$defs", {})}.items()))
