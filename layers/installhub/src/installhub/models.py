"""The shapes of requests and answers. Requests are validated with them; all are part of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, SkipJsonSchema, models_json_schema
from pydantic_core import PydanticCustomError

from installhub.artifacts import MAX_ID_LENGTH, ArtifactType, PackageType
from installhub.errors import ErrorCode
from installhub.text import is_encodable, is_printable
from installhub.versions import MAX_VERSION_LENGTH, is_valid_version

INVALID_VERSION_ERROR: Final = "invalid_version"
"""The type of validation error that is answered as InvalidVersion rather than InvalidRequest."""

_MAX_LISTED_IDS: Final = 50_000  # bounds how many problems validation collects; how many roots may be is a setting

_IF_LATER: Final = "If the export was accepted with `Prefer: respond-async`."
_EXAMPLE_PACKAGE_ID: Final = "pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33"


def _check(holds: Callable[[str], bool], kind: str, message: str) -> AfterValidator:
    def check(text: str) -> str:
        if not holds(text):
            raise PydanticCustomError(kind, message)
        return text

    return AfterValidator(check)


_Printable = _check(is_printable, "not_printable", "String should hold printable characters only")
_Encodable = _check(is_encodable, "not_encodable", "String should be encodable as UTF-8")
_NotBlank = _check(lambda text: bool(text.strip()), "blank", "String should not be blank")
_SemVer = _check(is_valid_version, INVALID_VERSION_ERROR, "Not a version by SemVer 2.0.0, such as 2.1.0 or 2.1.0-rc.1")

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH), _Printable]
Tag = Annotated[str, Field(min_length=1, max_length=100), _Printable]


class _Request(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="forbid", frozen=True)


class Answer(BaseModel):
    """Clients should ignore fields they do not know: answers may get more of them."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class PreviewRequest(_Request):
    """Body of POST /preview."""

    tenant_id: Id | None = Field(
        default=None, description="Required unless the header X-Tenant-Id says it.", examples=["tenant-7f3a9b12"]
    )
    artifact_ids: list[Id] = Field(
        min_length=1, max_length=_MAX_LISTED_IDS, description="The root artifacts.", examples=[["proc-1001"]]
    )


class ExportRequest(PreviewRequest):
    """Body of POST /export."""

    package_name: Annotated[str, Field(min_length=1, max_length=100), _Printable, _NotBlank] = Field(
        examples=["Employee Onboarding Suite"]
    )
    package_type: PackageType
    version: Annotated[str, _SemVer] = Field(
        description="SemVer 2.0.0.", examples=["2.1.0"], json_schema_extra={"maxLength": MAX_VERSION_LENGTH}
    )
    description: Annotated[str, Field(max_length=2000), _Encodable] | None = Field(
        default=None, examples=["Complete onboarding workflow"]
    )
    author: Annotated[str, Field(max_length=200), _Printable] | None = Field(
        default=None, examples=["HR Automation Team"]
    )
    tags: Annotated[list[Tag], Field(max_length=50)] | None = Field(default=None, examples=[["hr", "onboarding"]])


class DirectExportRequest(ExportRequest):
    """Payload of a direct invocation of the worker."""

    request_id: Id | None = Field(
        default=None, description="Names the request: invoking again with it answers with the package made before."
    )


class ArtifactSummary(Answer):
    """An artifact by its names."""

    type: ArtifactType
    id: str
    name: str


class ResolvedDependency(ArtifactSummary):
    """An artifact that something depends on."""

    resolved_from: str = Field(description="The parent that first reached it.")


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


def absent(description: str) -> Any:  # noqa: ANN401  # what Field returns
    """A field that is left out, never null, where it does not apply."""
    return Field(default=None, description=description, json_schema_extra=_without_default)


class ProblemItem(Answer):
    """One thing that is wrong."""

    error_code: ErrorCode
    detail: str
    artifact_id: str | SkipJsonSchema[None] = absent("The artifact it is about.")
    required_by: list[str] | SkipJsonSchema[None] = absent("All artifacts of the closure that depend on it.")
    cycle: list[str] | SkipJsonSchema[None] = absent("A closed path, first and last alike.")
    pointer: str | SkipJsonSchema[None] = absent("JSON pointer into the request body (RFC 6901).")


class ProblemDocument(Answer):
    """Every error's answer (RFC 9457)."""

    type: str = Field(examples=["urn:installhub:error:CircularDependency"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="This occurrence; quote it to the operators.")
    is_success: Literal[False]
    error_code: ErrorCode
    errors: list[ProblemItem] = Field(description="Every problem found, most important first.")


class PreviewResponse(Answer):
    """Answer of POST /preview."""

    root_artifacts: list[ArtifactSummary]
    resolved_dependencies: list[ResolvedDependency] = Field(description="In breadth-first order.")
    total_artifacts: int
    install_order: list[str] = Field(description="Dependencies first; empty when there is a cycle.")
    has_circular_dependency: bool
    warnings: list[ProblemItem] = Field(description="Everything an export would refuse.")


class ManifestArtifact(ArtifactSummary):
    """An artifact in a bundle."""

    path: str = Field(description="Of its definition, within the ZIP.")
    size: int = Field(description="Bytes of the definition.")
    sha256: str = Field(description="Hex digest of the definition.")
    dependencies: list[str]


class Manifest(Answer):
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


class Progress(Answer):
    """How far an export is."""

    done: int = Field(description="Artifacts written.")
    total: int | None = Field(description="Artifacts to write; null until the dependencies are resolved.")


class PackageResponse(Answer):
    """Answer of POST /export, and of GET /{packageId} once the package is there."""

    package_id: str = Field(examples=[_EXAMPLE_PACKAGE_ID])
    package_name: str
    version: str
    checksum: str = Field(description="`sha256:<hex>` of the ZIP.")
    artifact_count: int
    bundle_download_url: str = Field(description="Path below the API's base URL.")
    exported_at: str = Field(description="RFC 3339, UTC.", examples=["2026-05-25T09:00:00Z"])
    is_success: Literal[True]
    manifest: Manifest
    status: Literal["exported"] | SkipJsonSchema[None] = absent(_IF_LATER)
    requested_at: str | SkipJsonSchema[None] = absent(_IF_LATER)
    progress: Progress | SkipJsonSchema[None] = absent(_IF_LATER)


class PendingResponse(Answer):
    """Answer of a POST /export that prefers `respond-async`, and of GET /{packageId} until the package is there."""

    package_id: str = Field(examples=[_EXAMPLE_PACKAGE_ID])
    package_name: str
    version: str
    status: Literal["queued", "exporting", "failed"]
    requested_at: str = Field(description="RFC 3339, UTC.", examples=["2026-05-25T09:00:00Z"])
    status_url: str = Field(description="Path below the API's base URL.")
    progress: Progress | SkipJsonSchema[None] = absent("Unless it failed.")
    is_success: Literal[False] | SkipJsonSchema[None] = absent("If it failed.")
    error_code: ErrorCode | SkipJsonSchema[None] = absent("If it failed.")
    errors: list[ProblemItem] | SkipJsonSchema[None] = absent("If it failed: every reason, most important first.")


class _Untitled(GenerateJsonSchema):
    """Leaves out titles, which would only repeat the fields' names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Never."""
        del schema
        return False


def json_schema_of(models: list[type[BaseModel]], ref_template: str) -> dict[str, Any]:
    """The JSON schemas of ``models`` and all they refer to, by name."""
    inputs: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in models]
    _, schema = models_json_schema(inputs, ref_template=ref_template, schema_generator=_Untitled)
    definitions: dict[str, Any] = schema["$defs"]
    return definitions
