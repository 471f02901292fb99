"""Models of request documents, with the validation rules of their fields.

Documents are validated by pydantic-core directly, since building the schemas from pydantic models would take a third of
a function's cold start (docs/decisions/0011). The OpenAPI document and event schemas are generated from the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from installhub.model.artifact import MAX_ID_LENGTH, PackageType
from installhub.model.text import is_encodable, is_printable
from installhub.model.version import MAX_VERSION_LENGTH, VERSION_PATTERN, is_valid_version
from installhub.runtime.gc import gc_frozen

with gc_frozen():
    from pydantic_core import PydanticCustomError, SchemaValidator
    from pydantic_core import core_schema as core

if TYPE_CHECKING:
    from pydantic_core import CoreSchema
    from pydantic_core.core_schema import TypedDictField

INVALID_VERSION_ERROR: Final = "invalid_version"
"""The type of validation error that is reported as InvalidVersion instead of InvalidRequest."""

_MAX_IDS: Final = 50_000  # limits the number of validation errors; the maximum number of roots is a setting


@dataclass(frozen=True, slots=True, kw_only=True)
class RootsRequest:
    """What all requests have in common."""

    tenant_id: str | None = None
    artifact_ids: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRequest(RootsRequest):
    """Body of POST /preview."""

    check_references: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest(RootsRequest):
    """Body of POST /export."""

    package_name: str
    package_type: PackageType
    version: str
    description: str | None = None
    author: str | None = None
    tags: list[str] | None = None
    on_undeclared_reference: str | None = None
    version_policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequested(ExportRequest):
    """Detail of an event that requests an export: the body of POST /export, including the tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationExportRequest(ExportRequested):
    """Payload of a direct invocation of the worker."""

    request_id: str | None = None


_Request = TypeVar("_Request", bound=RootsRequest)
_Fields = Mapping[str, "TypedDictField"]


def parse_request(model: type[_Request], content: bytes) -> _Request:
    """Parse and validate ``content``, the JSON of a request.

    Raises:
        pydantic_core.ValidationError: With every problem of the request.
    """
    return model(**_VALIDATORS[model].validate_json(content))


def request_to_json(request: RootsRequest) -> dict[str, Any]:
    """``request`` as JSON that :func:`parse_request` accepts, without unset fields."""
    values = {field["validation_alias"]: getattr(request, name) for name, field in _fields(type(request)).items()}
    return {str(json_name): value for json_name, value in values.items() if value is not None}


def core_schema_for(model: type[RootsRequest]) -> CoreSchema:
    """The validation rules of ``model``, as a schema of pydantic-core."""
    return core.typed_dict_schema(
        dict(_fields(model)),
        extra_behavior="forbid",
        config=core.CoreConfig(strict=True),
        metadata={"pydantic_js_updates": {"title": model.__name__, "description": model.__doc__}},
    )


def _fields(model: type[RootsRequest]) -> _Fields:
    fields = {**_ROOTS, **(_EXPORT if issubclass(model, ExportRequest) else _PREVIEW)}
    if issubclass(model, ExportRequested):
        fields = {**fields, "tenant_id": _required("tenantId", _ID, examples=["tenant-7f3a9b12"])}
    return {**fields, **_INVOCATION} if issubclass(model, InvocationExportRequest) else fields


def _required(json_name: str, schema: CoreSchema, **json_schema: object) -> TypedDictField:
    """A required field; ``json_schema`` is added to its JSON schema."""
    return core.typed_dict_field(
        schema, required=True, validation_alias=json_name, metadata={"pydantic_js_updates": json_schema}
    )


def _optional(json_name: str, schema: CoreSchema, **json_schema: object) -> TypedDictField:
    """A field that may be null or missing; ``json_schema`` is added to its JSON schema."""
    return {**_required(json_name, core.nullable_schema(schema), **json_schema), "required": False}


def _text(*checks: _Check, min_length: int | None = None, max_length: int | None = None) -> CoreSchema:
    schema: CoreSchema = core.str_schema(min_length=min_length, max_length=max_length)
    for check in checks:
        schema = core.no_info_after_validator_function(check, schema)
    return schema


_Check = Callable[[str], str]


def _check(is_valid: Callable[[str], bool], error_type: str, message: Any) -> _Check:  # noqa: ANN401  # a LiteralString
    def check(text: str) -> str:
        if not is_valid(text):
            raise PydanticCustomError(error_type, message)
        return text

    return check


_PRINTABLE = _check(is_printable, "not_printable", "String should contain printable characters only")
_ENCODABLE = _check(is_encodable, "not_encodable", "String should be encodable as UTF-8")
_NOT_BLANK = _check(lambda text: bool(text.strip()), "blank", "String should not be blank")
_SEMVER = _check(
    is_valid_version, INVALID_VERSION_ERROR, "String should be a SemVer 2.0.0 version, such as 2.1.0 or 2.1.0-rc.1"
)

_ID = _text(_PRINTABLE, min_length=1, max_length=MAX_ID_LENGTH)
_TAG = _text(_PRINTABLE, min_length=1, max_length=100)

_ROOTS: Final[_Fields] = {
    "tenant_id": _optional(
        "tenantId",
        _ID,
        description="Required unless the header X-Tenant-Id specifies the tenant.",
        examples=["tenant-7f3a9b12"],
    ),
    "artifact_ids": _required(
        "artifactIds",
        core.list_schema(_ID, min_length=1, max_length=_MAX_IDS),
        description="Ids of the root artifacts.",
        examples=[["proc-1001"]],
    ),
}
_PREVIEW: Final[_Fields] = {
    "check_references": _optional(
        "checkReferences",
        core.bool_schema(),
        description="Warn of definitions that contain the id of an artifact that is not declared as a dependency.",
        default=False,
    ),
}
_EXPORT: Final[_Fields] = {
    "package_name": _required(
        "packageName",
        _text(_PRINTABLE, _NOT_BLANK, min_length=1, max_length=100),
        examples=["Employee Onboarding Suite"],
    ),
    "package_type": _required("packageType", core.enum_schema(PackageType, list(PackageType), sub_type="str")),
    "version": _required(
        "version",
        _text(_SEMVER),
        description="SemVer 2.0.0.",
        examples=["2.1.0"],
        maxLength=MAX_VERSION_LENGTH,
        pattern=VERSION_PATTERN,
    ),
    "description": _optional(
        "description", _text(_ENCODABLE, max_length=2000), examples=["Complete onboarding workflow"]
    ),
    "author": _optional("author", _text(_PRINTABLE, max_length=200), examples=["HR Automation Team"]),
    "tags": _optional("tags", core.list_schema(_TAG, max_length=50), examples=[["hr", "onboarding"]]),
    "on_undeclared_reference": _optional(
        "onUndeclaredReference",
        core.literal_schema(["ignore", "refuse"]),
        description="What to do if a definition contains the id of an artifact that is not declared as a dependency.",
        default="ignore",
    ),
    "version_policy": _optional(
        "versionPolicy",
        core.literal_schema(["advise", "enforce"]),
        description="`enforce`: refuse a version that is lower than the changes since the next lower one suggest.",
        default="advise",
    ),
}
_INVOCATION: Final[_Fields] = {
    "request_id": _optional(
        "requestId", _ID, description="Identifies the request: repeating it with the same id returns the same package."
    ),
}

_VALIDATORS: Final[Mapping[type[RootsRequest], SchemaValidator]] = {
    model: SchemaValidator(core_schema_for(model))
    for model in (PreviewRequest, ExportRequest, ExportRequested, InvocationExportRequest)
}
