"""The models of responses, for the documents and the tests; no function imports this module."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, SkipJsonSchema, models_json_schema

from installhub.contract.request_models import PreviewRequest, core_schema_for
from installhub.model.artifact import ArtifactType, PackageType
from installhub.model.errors import ErrorCode

_IF_ASYNC: Final = "If the export was accepted with `Prefer: respond-async`."
_EXAMPLE_PACKAGE_ID: Final = "pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33"


class ResponseModel(BaseModel):
    """Clients should ignore unknown fields: responses may get more of them."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class ArtifactSummary(ResponseModel):
    """An artifact by type, id and name."""

    type: ArtifactType
    id: str
    name: str


class ResolvedDependency(ArtifactSummary):
    """An artifact that something depends on."""

    resolved_from: str = Field(description="The parent that first reached it.")


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


def optional_field(description: str) -> Any:  # noqa: ANN401  # what Field returns
    """A field that is left out, never null, when it does not apply."""
    return Field(default=None, description=description, json_schema_extra=_without_default)


class ProblemItem(ResponseModel):
    """One thing that is wrong."""

    error_code: ErrorCode
    detail: str
    artifact_id: str | SkipJsonSchema[None] = optional_field("The artifact it is about.")
    required_by: list[str] | SkipJsonSchema[None] = optional_field("All artifacts of the closure that depend on it.")
    cycle: list[str] | SkipJsonSchema[None] = optional_field("A closed path, first and last alike.")
    pointer: str | SkipJsonSchema[None] = optional_field("JSON pointer into the request body (RFC 6901).")


class ProblemDocument(ResponseModel):
    """The body of every error (RFC 9457)."""

    type: str = Field(examples=["urn:installhub:error:CircularDependency"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="Identifies this occurrence; quote it to the operators.")
    is_success: Literal[False]
    error_code: ErrorCode
    errors: list[ProblemItem] = Field(description="Every problem found, most important first.")


class PreviewResponse(ResponseModel):
    """Body of the response to POST /preview."""

    root_artifacts: list[ArtifactSummary]
    resolved_dependencies: list[ResolvedDependency] = Field(description="In breadth-first order.")
    total_artifacts: int
    install_order: list[str] = Field(description="Dependencies first; empty when there is a cycle.")
    has_circular_dependency: bool
    warnings: list[ProblemItem] = Field(description="Every reason for which an export would be refused.")


class ManifestArtifact(ArtifactSummary):
    """An artifact in a bundle."""

    path: str = Field(description="Of its definition, within the ZIP.")
    size: int = Field(description="Bytes of the definition.")
    sha256: str = Field(description="Hex digest of the definition.")
    dependencies: list[str]


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
    root_artifacts: list[str]
    artifacts: list[ManifestArtifact] = Field(description="In install order.")
    install_order: list[str]


class Progress(ResponseModel):
    """The progress of an export."""

    done: int = Field(description="Artifacts written.")
    total: int | None = Field(description="Artifacts to write; null until the dependencies are resolved.")


class PackageResponse(ResponseModel):
    """Body of the response to POST /export, and to GET /{packageId} for an exported package."""

    package_id: str = Field(examples=[_EXAMPLE_PACKAGE_ID])
    package_name: str
    version: str
    checksum: str = Field(description="`sha256:<hex>` of the ZIP.")
    artifact_count: int
    bundle_download_url: str = Field(description="Path below the API's base URL.")
    exported_at: str = Field(description="RFC 3339, UTC.", examples=["2026-05-25T09:00:00Z"])
    is_success: Literal[True]
    manifest: Manifest
    status: Literal["exported"] | SkipJsonSchema[None] = optional_field(_IF_ASYNC)
    requested_at: str | SkipJsonSchema[None] = optional_field(_IF_ASYNC)
    progress: Progress | SkipJsonSchema[None] = optional_field(_IF_ASYNC)


class PendingResponse(ResponseModel):
    """Body of the response to POST /export with `respond-async`, and to GET /{packageId} until it is exported."""

    package_id: str = Field(examples=[_EXAMPLE_PACKAGE_ID])
    package_name: str
    version: str
    status: Literal["queued", "exporting", "failed"]
    requested_at: str = Field(description="RFC 3339, UTC.", examples=["2026-05-25T09:00:00Z"])
    status_url: str = Field(description="Path below the API's base URL.")
    progress: Progress | SkipJsonSchema[None] = optional_field("Unless it failed.")
    is_success: Literal[False] | SkipJsonSchema[None] = optional_field("If it failed.")
    error_code: ErrorCode | SkipJsonSchema[None] = optional_field("If it failed.")
    errors: list[ProblemItem] | SkipJsonSchema[None] = optional_field(
        "If it failed: every reason, most important first."
    )


class _Untitled(GenerateJsonSchema):
    """Omits titles, which would only repeat the field names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Never."""
        del schema
        return False


def json_schemas(models: Iterable[type[BaseModel | PreviewRequest]], ref_template: str) -> dict[str, Any]:
    """The JSON schemas of request or response ``models``, and of everything they refer to, by name."""
    definitions: dict[str, Any] = {}
    responses: list[tuple[type[BaseModel], Literal["validation"]]] = []
    for model in models:
        if issubclass(model, BaseModel):
            responses.append((model, "validation"))
        else:
            definitions[model.__name__] = _Untitled(ref_template=ref_template).generate(core_schema_for(model))
    _, schema = models_json_schema(responses, ref_template=ref_template, schema_generator=_Untitled)
    return dict(sorted({**definitions, **schema.get("$defs", {})}.items()))
