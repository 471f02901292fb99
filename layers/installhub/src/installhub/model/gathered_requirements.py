"""Gathers the requirements of a closure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from installhub.model.artifact import ArtifactNode
from installhub.model.requirement import Requirement


@dataclass(frozen=True, slots=True)
class GatheredRequirement:
    """A requirement of at least one artifact.

    Attributes:
        requirement: As the first of the artifacts, by id, declares it.
        required_by: Ids of all artifacts that declare a requirement of this name, sorted.
        is_conflicting: Whether they declare it differently.
    """

    requirement: Requirement
    required_by: tuple[str, ...]
    is_conflicting: bool


def gather_requirements(nodes: Iterable[ArtifactNode]) -> Iterator[GatheredRequirement]:
    """Yield the requirements of ``nodes``, sorted by name, so that the result depends only on the set of artifacts."""
    declarations: dict[str, list[tuple[str, Requirement]]] = {}
    for node in nodes:
        for requirement in node.requirements:
            declarations.setdefault(requirement.name, []).append((node.id, requirement))
    for _, declared in sorted(declarations.items()):
        declared.sort(key=lambda declaration: declaration[0])
        yield GatheredRequirement(
            requirement=declared[0][1],
            required_by=tuple(artifact_id for artifact_id, _ in declared),
            # By repr, since True == 1 and 1 == 1.0 in Python.
            is_conflicting=len({repr(requirement) for _, requirement in declared}) > 1,
        )
