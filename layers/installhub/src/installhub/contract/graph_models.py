"""Models of dependency graphs, from which the OpenAPI document is generated. No function imports this module."""

from __future__ import annotations

from pydantic import Field

from installhub.contract.response_models import ArtifactSummary, ResponseModel


class GraphNode(ArtifactSummary):
    """An artifact of a package."""

    is_root: bool = Field(description="Whether it was requested, and not only found as a dependency.")


class GraphEdge(ResponseModel):
    """A dependency."""

    source: str = Field(alias="from", description="Id of the artifact that depends on the other one.")
    target: str = Field(alias="to", description="Id of the artifact it depends on.")


class PackageGraph(ResponseModel):
    """Body of the response to GET /{packageId}/graph as JSON."""

    package_id: str = Field(examples=["pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33"])
    package_name: str
    version: str
    nodes: list[GraphNode] = Field(description="In install order.")
    edges: list[GraphEdge] = Field(description="Without duplicates.")
