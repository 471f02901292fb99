"""The plan of an export: the closure, its install order, and every reason to refuse the export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from installhub.model.artifact import PRIMARY_TYPES, ArtifactStatus, PackageType
from installhub.model.errors import ErrorCode, InstallHubError, Problem, sorted_by_precedence
from installhub.model.gathered_requirements import gather_requirements
from installhub.resolver.closure import Catalog, Closure, discover
from installhub.resolver.cycles import find_cycles
from installhub.resolver.order import install_order


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum size of a package.

    Attributes:
        roots: Maximum number of root artifacts in a request.
        artifacts: Maximum number of artifacts in a closure.
        definition_bytes: Maximum total size of the definitions in a closure, as canonical JSON, in bytes.
    """

    roots: int = 1_000
    artifacts: int = 50_000
    definition_bytes: int = 5 * 1024**3


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of resolving root artifacts.

    Attributes:
        closure: The artifacts.
        install_order: Their ids, dependencies first; empty if there is a cycle or the closure is incomplete.
        cycles: Closed paths of ids; see :func:`~installhub.resolver.cycles.find_cycles`.
        problems: Every reason to refuse an export, most important first.
    """

    closure: Closure
    install_order: tuple[str, ...]
    cycles: tuple[tuple[str, ...], ...]
    problems: tuple[Problem, ...]


def make_plan(catalog: Catalog, roots: Iterable[str], limits: Limits, package_type: PackageType | None = None) -> Plan:
    """Resolve ``roots`` and find every problem.

    Args:
        catalog: The tenant's artifacts.
        roots: Requested ids; at least one.
        limits: The maximum size of a package.
        package_type: The type to check the artifacts against; None for a preview, which has no type.

    Raises:
        InstallHubError: PackageTooLarge, if there are more roots than a closure may have artifacts; raised before
            anything is read.
    """
    unique_roots = list(dict.fromkeys(roots))
    if len(unique_roots) > limits.artifacts:
        raise InstallHubError([_too_many("root artifacts", len(unique_roots), limits.roots)])
    closure = discover(catalog, unique_roots, limits.artifacts)
    order = install_order(closure.nodes)
    cycles = find_cycles(closure.nodes, closure.nodes.keys() - set(order))
    problems = [
        *_missing_artifacts(catalog, closure, limits),
        *(_circular_dependency(cycle) for cycle in cycles),
        *_incomplete_artifacts(closure),
        *_type_mismatches(closure, package_type),
        *_requirement_conflicts(closure),
        *_exceeded_limits(closure, limits),
    ]
    return Plan(
        closure=closure,
        install_order=tuple(order) if closure.complete and not cycles else (),
        cycles=tuple(cycles),
        problems=tuple(sorted_by_precedence(problems)),
    )


def check_roots(roots: Iterable[str], limits: Limits) -> None:
    """Check only the number of roots.

    Raises:
        InstallHubError: PackageTooLarge, if there are too many.
    """
    count = len(set(roots))
    if count > limits.roots:
        raise InstallHubError([_too_many("root artifacts", count, limits.roots)])


def _missing_artifacts(catalog: Catalog, closure: Closure, limits: Limits) -> Iterator[Problem]:
    missing_roots = [root for root in closure.roots if root not in closure.nodes]
    # Each id needs a separate look-up, too expensive for a request that is refused for too many roots anyway.
    worthwhile = 0 < len(missing_roots) <= limits.roots
    in_other_tenants = set(catalog.existing_in_other_tenants(missing_roots)) if worthwhile else set()
    for artifact_id in closure.missing:
        if artifact_id in in_other_tenants:
            yield Problem(
                ErrorCode.TENANT_MISMATCH,
                f"Artifact {artifact_id!r} belongs to a different tenant.",
                artifact_id=artifact_id,
            )
        else:
            yield Problem(
                ErrorCode.ARTIFACT_NOT_FOUND,
                f"Artifact {artifact_id!r} does not exist in the tenant.",
                artifact_id=artifact_id,
                required_by=_dependents(closure, artifact_id),
            )


def _dependents(closure: Closure, artifact_id: str) -> tuple[str, ...] | None:
    return tuple(closure.dependents.get(artifact_id, ())) or None


def _circular_dependency(cycle: tuple[str, ...]) -> Problem:
    path = " -> ".join(repr(artifact_id) for artifact_id in cycle)
    return Problem(
        ErrorCode.CIRCULAR_DEPENDENCY,
        f"Artifacts depend on each other in a cycle: {path}.",
        cycle=cycle,
    )


def _incomplete_artifacts(closure: Closure) -> Iterator[Problem]:
    for node in closure.nodes.values():
        if node.status is not ArtifactStatus.PUBLISHED:
            yield Problem(
                ErrorCode.INCOMPLETE_ARTIFACT,
                f"Artifact {node.id!r} has the status {node.status.value!r}. Publish it first.",
                artifact_id=node.id,
                required_by=_dependents(closure, node.id),
            )


def _type_mismatches(closure: Closure, package_type: PackageType | None) -> Iterator[Problem]:
    if package_type is None:
        return
    primary = PRIMARY_TYPES[package_type]
    if package_type is PackageType.CONFIG:
        for node in closure.nodes.values():
            if node.type not in primary:
                yield Problem(
                    ErrorCode.PACKAGE_TYPE_MISMATCH,
                    f"A config-package may contain configuration only; {node.id!r} is of type {node.type.value}.",
                    artifact_id=node.id,
                    required_by=_dependents(closure, node.id),
                )
        return
    roots = closure.root_nodes
    all_roots_exist = len(roots) == len(closure.roots)
    if all_roots_exist and not any(node.type in primary for node in roots):
        kinds = " or ".join(sorted(kind.value for kind in primary))
        yield Problem(
            ErrorCode.PACKAGE_TYPE_MISMATCH,
            f"The package type {package_type.value} requires a root of type {kinds}.",
            pointer="/packageType",
        )


def _requirement_conflicts(closure: Closure) -> Iterator[Problem]:
    for gathered in gather_requirements(closure.nodes.values()):
        if gathered.is_conflicting:
            artifacts = " and ".join(repr(artifact_id) for artifact_id in gathered.required_by[:2])
            more = f" and {len(gathered.required_by) - 2} more" if len(gathered.required_by) > 2 else ""  # noqa: PLR2004
            yield Problem(
                ErrorCode.REQUIREMENT_CONFLICT,
                f"The requirement {gathered.requirement.name!r} is declared differently by {artifacts}{more}.",
                required_by=gathered.required_by,
            )


def _exceeded_limits(closure: Closure, limits: Limits) -> Iterator[Problem]:
    if len(closure.roots) > limits.roots:
        yield _too_many("root artifacts", len(closure.roots), limits.roots)
    if not closure.complete:
        count = len(closure.roots) + len(closure.resolved_from)
        yield _too_many("artifacts", count, limits.artifacts)
    size = sum(node.size for node in closure.nodes.values())
    if size > limits.definition_bytes:
        yield _too_many("bytes of definitions", size, limits.definition_bytes)


def _too_many(what: str, count: int, limit: int) -> Problem:
    return Problem(ErrorCode.PACKAGE_TOO_LARGE, f"The package has at least {count} {what}; the limit is {limit}.")
