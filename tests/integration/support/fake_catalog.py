"""An in-memory model of the catalog, as the reference for the real one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from installhub.model.definition import pack, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from installhub.artifacts.validation import ArtifactInput


@dataclass
class FakeCatalog:
    """Implements the resolver's Catalog for one of several tenants."""

    tenant: str
    artifacts: dict[str, dict[str, ArtifactNode]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def from_inputs(cls, tenant: str, artifacts: Iterable[ArtifactInput]) -> FakeCatalog:
        catalog = cls(tenant)
        for artifact in artifacts:
            catalog.artifacts[artifact.tenant][artifact.id] = node_of(artifact)
        return catalog

    def nodes(self, ids: Collection[str]) -> Mapping[str, ArtifactNode]:
        own = self.artifacts[self.tenant]
        return {artifact_id: own[artifact_id] for artifact_id in ids if artifact_id in own}

    def existing_in_other_tenants(self, ids: Collection[str]) -> Collection[str]:
        others = [artifacts for tenant, artifacts in self.artifacts.items() if tenant != self.tenant]
        return [artifact_id for artifact_id in ids if any(artifact_id in artifacts for artifacts in others)]


def node(artifact_id: str, *dependencies: str) -> ArtifactNode:
    """Return a node with placeholder values; faster than ``node_of``."""
    return ArtifactNode(
        id=artifact_id,
        type=ArtifactType.RULE_SET,
        name="Made up",
        status=ArtifactStatus.PUBLISHED,
        dependencies=dependencies,
        sha256="0" * 64,
        size=20,
        packed_size=22,
    )


def node_of(artifact: ArtifactInput) -> ArtifactNode:
    """Return the node that is stored when ``artifact`` is published."""
    packed = pack(artifact.definition)
    return ArtifactNode(
        id=artifact.id,
        type=artifact.type,
        name=artifact.name,
        status=artifact.status,
        dependencies=artifact.dependencies,
        sha256=sha256_hex(artifact.definition),
        size=packed.size,
        packed_size=packed.packed_size,
    )
