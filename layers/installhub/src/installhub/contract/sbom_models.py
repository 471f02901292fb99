"""Models of bills of materials, from which the OpenAPI document is generated. No function imports this module.

They describe what this service writes, a small part of CycloneDX 1.6 (ECMA-424).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema  # noqa: TC002  # pydantic reads it when the module is imported

from installhub.contract.response_models import ResponseModel, optional_field


class BomHash(ResponseModel):
    """A digest."""

    alg: Literal["SHA-256"]
    content: str = Field(description="In hex.")


class BomProperty(ResponseModel):
    """A property that CycloneDX has no field for."""

    name: str = Field(examples=["installhub:path"])
    value: str


class BomAuthor(ResponseModel):
    """The author of a package."""

    name: str


class BomData(ResponseModel):
    """What kind of data a component is."""

    type: Literal["definition"]


class BomComponent(ResponseModel):
    """The package or an artifact."""

    type: Literal["application", "data"]
    bom_ref: str = Field(alias="bom-ref", description="Identifies it in this document.")
    name: str
    version: str | SkipJsonSchema[None] = optional_field("Of the package.")
    description: str | SkipJsonSchema[None] = optional_field("Of the package.")
    authors: list[BomAuthor] | SkipJsonSchema[None] = optional_field("Of the package.")
    tags: list[str] | SkipJsonSchema[None] = optional_field("Of the package.")
    hashes: list[BomHash] | SkipJsonSchema[None] = optional_field("Of the bundle or of the definition.")
    properties: list[BomProperty] | SkipJsonSchema[None] = optional_field(
        "Of the package: `installhub:packageType`. Of an artifact: `installhub:id`, `type`, `path` and `size`."
    )
    data: list[BomData] | SkipJsonSchema[None] = optional_field("Of an artifact.")


class BomService(ResponseModel):
    """A requirement: something that the target tenant has to supply."""

    bom_ref: str = Field(alias="bom-ref")
    name: str
    description: str | SkipJsonSchema[None] = optional_field("For the person who supplies it.")
    properties: list[BomProperty] = Field(description="`installhub:kind` and `installhub:valueType`.")


class BomDependency(ResponseModel):
    """What a component depends on."""

    ref: str
    depends_on: list[str] | SkipJsonSchema[None] = optional_field("Absent for requirements.")


class BomTool(ResponseModel):
    """This software."""

    type: Literal["application"]
    name: str
    version: str


class BomTools(ResponseModel):
    """What made the document."""

    components: list[BomTool]


class BomMetadata(ResponseModel):
    """About the document and its package."""

    timestamp: str = Field(description="When the package was exported, RFC 3339 in UTC.")
    tools: BomTools
    component: BomComponent


class BillOfMaterials(ResponseModel):
    """Body of the response to GET /{packageId}/sbom: CycloneDX 1.6."""

    bom_format: Literal["CycloneDX"]
    spec_version: Literal["1.6"]
    serial_number: str = Field(description="Derived from the package id.")
    version: Literal[1]
    metadata: BomMetadata
    components: list[BomComponent] = Field(description="The artifacts, in install order.")
    services: list[BomService] = Field(description="The requirements.")
    dependencies: list[BomDependency] = Field(description="The graph of package, artifacts and requirements.")
