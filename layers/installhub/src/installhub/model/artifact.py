"""The vocabulary of artifacts: types, states, package types and the node of a dependency graph."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from installhub.model.findings import NO_FINDINGS, Finding, unpack_findings
from installhub.model.requirement import Requirement

MAX_ID_LENGTH: Final = 256
"""Maximum length of an artifact or tenant id, in characters."""

MAX_NAME_LENGTH: Final = 1_000
"""Maximum length of the name of an artifact, in characters."""

MAX_DEFINITION_BYTES: Final = 50 * 1024 * 1024
"""Maximum size of one definition as canonical JSON, in bytes."""


class ArtifactType(StrEnum):
    """The kinds of artifact, declared in the order in which they are installed."""

    ENTITY_SCHEMA = "EntitySchema"
    CONFIGURATION = "Configuration"
    RULE_SET = "RuleSet"
    ATLAS_FORM = "AtlasForm"
    THREAD_DEFINITION = "ThreadDefinition"
    PROCESS_DEFINITION = "ProcessDefinition"
    AGENT_DEFINITION = "AgentDefinition"
    APP_DEFINITION = "AppDefinition"


INSTALL_RANK: Final[Mapping[ArtifactType, int]] = MappingProxyType(
    {kind: rank for rank, kind in enumerate(ArtifactType)}
)
"""Among artifacts whose dependencies are all installed, the one of the lower rank is installed first."""


class ArtifactStatus(StrEnum):
    """The states of an artifact. Only published artifacts can be exported."""

    PUBLISHED = "published"
    DRAFT = "draft"
    INCOMPLETE = "incomplete"


class PackageType(StrEnum):
    """The purpose of a package, which determines its primary artifact types; see :data:`PRIMARY_TYPES`."""

    WORKFLOW = "workflow-package"
    FORM = "form-package"
    APP = "app-package"
    AGENT = "agent-package"
    CONFIG = "config-package"


PRIMARY_TYPES: Final[Mapping[PackageType, frozenset[ArtifactType]]] = MappingProxyType(
    {
        PackageType.WORKFLOW: frozenset({ArtifactType.PROCESS_DEFINITION, ArtifactType.THREAD_DEFINITION}),
        PackageType.FORM: frozenset({ArtifactType.ATLAS_FORM}),
        PackageType.APP: frozenset({ArtifactType.APP_DEFINITION}),
        PackageType.AGENT: frozenset({ArtifactType.AGENT_DEFINITION}),
        PackageType.CONFIG: frozenset({ArtifactType.RULE_SET, ArtifactType.ENTITY_SCHEMA, ArtifactType.CONFIGURATION}),
    }
)
"""At least one root must be of one of these types; in a config package, every artifact of the closure must be."""

_ENCODE: Final = json.JSONEncoder(sort_keys=True).encode  # created once, which json.dumps would do for every node


@dataclass(frozen=True, slots=True)
class ArtifactNode:
    """One artifact as a node of the dependency graph: everything but the definition.

    Attributes:
        id: Unique within the tenant.
        type: The kind of artifact.
        name: Display name; never used in a key or a path.
        status: Whether it can be exported.
        dependencies: Ids it depends on, in declared order.
        sha256: Hex digest of the definition as canonical JSON; pins one revision.
        size: Size of the definition as canonical JSON, in bytes.
        packed_size: Size of the definition as stored, raw-deflated, in bytes.
        requirements: What it needs from the tenant it will run in, in declared order.
        acknowledged: Fingerprints of findings that its editor has declared harmless, in declared order.
        updated_at: When it was last changed, in epoch seconds; None if that was not recorded. Not part of equality.
        references: Strings in the definition that could be ids of other artifacts, packed as in
            :mod:`installhub.model.references`; None if it was not searched for them. Not part of equality.
        findings: What looks like a secret, packed as in :mod:`installhub.model.findings`; None if it was not searched
            for secrets. Not part of equality.
    """

    id: str
    type: ArtifactType
    name: str
    status: ArtifactStatus
    dependencies: tuple[str, ...]
    sha256: str
    size: int
    packed_size: int
    requirements: tuple[Requirement, ...] = ()
    acknowledged: tuple[str, ...] = ()
    updated_at: int | None = field(default=None, compare=False)
    references: bytes | None = field(default=None, compare=False)
    findings: str | None = field(default=None, compare=False)

    @property
    def revision(self) -> str:
        """Hex digest of definition, metadata and findings: changes whenever a response about the artifact does."""
        content: list[object] = [
            self.id,
            self.type.value,
            self.name,
            self.status.value,
            self.dependencies,
            [requirement.as_json() for requirement in self.requirements],
            self.sha256,
        ]
        if self.acknowledged or self.has_findings:
            content += [self.findings, self.acknowledged]
        return hashlib.sha256(_ENCODE(content).encode()).hexdigest()

    @property
    def has_findings(self) -> bool:
        """Whether anything looks like a secret, acknowledged or not."""
        return self.findings is not None and self.findings != NO_FINDINGS

    @property
    def unacknowledged(self) -> list[Finding]:
        """What looks like a secret and has not been declared harmless."""
        if not self.has_findings:
            return []
        return [found for found in unpack_findings(self.findings or "") if found.fingerprint not in self.acknowledged]
