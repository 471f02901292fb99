"""Whether a manifest agrees with itself: ids, paths, install order, dependencies, roots and requirements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from installhub.verification.manifest import Artifact, Manifest
from installhub.verification.reasons import Reason, VerificationError

_PATH: Final = re.compile(r"artifacts/(?P<type>[A-Za-z]+)/(?P<stem>[A-Za-z0-9%._~-]{1,250})\.json")
# Windows reserves these names, with any extension.
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)


def check_consistency(manifest: Manifest) -> None:
    """Check what a manifest says about its own artifacts.

    Raises:
        VerificationError: IdDuplicate, PathWrong, InstallOrderWrong, DependencyMissing, DependencyInstalledLater,
            RootMissing, ArtifactNotRequired or RequirementWrong.
    """
    artifacts = _by_id(manifest.artifacts)
    _check_paths(manifest.artifacts)
    if manifest.install_order != tuple(artifacts):
        raise VerificationError(Reason.INSTALL_ORDER_WRONG, "/installOrder", "does not list the artifacts in order")
    _check_dependencies(manifest.artifacts, artifacts)
    _check_roots(manifest.roots, artifacts)
    _check_requirements(manifest, artifacts)


def _by_id(artifacts: Iterable[Artifact]) -> dict[str, Artifact]:
    by_id: dict[str, Artifact] = {}
    for index, artifact in enumerate(artifacts):
        if artifact.id in by_id:
            raise VerificationError(Reason.ID_DUPLICATE, f"/artifacts/{index}/id", "is the id of an earlier artifact")
        by_id[artifact.id] = artifact
    return by_id


def _check_paths(artifacts: Iterable[Artifact]) -> None:
    paths = set()
    for artifact in artifacts:
        match = _PATH.fullmatch(artifact.path)
        if match is None or match["type"] != artifact.type.value or _DEVICE.fullmatch(match["stem"]):
            raise VerificationError(Reason.PATH_WRONG, artifact.path, "is no path of a definition of its type")
        if artifact.path in paths:
            raise VerificationError(Reason.PATH_WRONG, artifact.path, "is the path of an earlier artifact")
        paths.add(artifact.path)


def _check_dependencies(ordered: Iterable[Artifact], artifacts: Mapping[str, Artifact]) -> None:
    installed: set[str] = set()
    for index, artifact in enumerate(ordered):
        place = f"/artifacts/{index}/dependencies"
        for dependency in artifact.dependencies:
            if dependency not in artifacts:
                raise VerificationError(Reason.DEPENDENCY_MISSING, place, "is not in the package")
            if dependency not in installed:
                raise VerificationError(Reason.DEPENDENCY_INSTALLED_LATER, place, "comes later in the install order")
        installed.add(artifact.id)


def _check_roots(roots: tuple[str, ...], artifacts: Mapping[str, Artifact]) -> None:
    """Refuse roots that do not exist, and artifacts that no root needs."""
    _check_sorted(roots, "/rootArtifacts", Reason.ROOT_MISSING)
    for index, root in enumerate(roots):
        if root not in artifacts:
            raise VerificationError(Reason.ROOT_MISSING, f"/rootArtifacts/{index}", "is not in the package")
    required, pending = set(roots), list(roots)
    while pending:
        new = set(artifacts[pending.pop()].dependencies) - required
        required |= new
        pending += new
    for index, artifact_id in enumerate(artifacts):
        if artifact_id not in required:
            raise VerificationError(Reason.ARTIFACT_NOT_REQUIRED, f"/artifacts/{index}", "no root depends on it")


def _check_requirements(manifest: Manifest, artifacts: Mapping[str, Artifact]) -> None:
    names = tuple(requirement.name for requirement in manifest.requirements)
    _check_sorted(names, "/requirements", Reason.REQUIREMENT_WRONG)
    for index, requirement in enumerate(manifest.requirements):
        place = f"/requirements/{index}/requiredBy"
        _check_sorted(requirement.required_by, place, Reason.REQUIREMENT_WRONG)
        if not artifacts.keys() >= set(requirement.required_by):
            raise VerificationError(Reason.REQUIREMENT_WRONG, place, "is not in the package")


def _check_sorted(values: tuple[str, ...], place: str, reason: Reason) -> None:
    if any(first >= second for first, second in pairwise(values)):
        raise VerificationError(reason, place, "is not sorted, or has something twice")
