"""Types, statuses and limits of CONTRACT section 3."""

from __future__ import annotations

from installhub.model.artifact import (
    INSTALL_RANK,
    MAX_DEFINITION_BYTES,
    MAX_ID_LENGTH,
    PRIMARY_TYPES,
    ArtifactStatus,
    ArtifactType,
    PackageType,
)


def test_types_statuses_and_package_types_are_those_of_the_contract() -> None:
    assert set(ArtifactType) == {
        "ProcessDefinition",
        "ThreadDefinition",
        "AtlasForm",
        "AppDefinition",
        "AgentDefinition",
        "RuleSet",
        "EntitySchema",
        "Configuration",
    }
    assert set(ArtifactStatus) == {"published", "draft", "incomplete"}
    assert set(PackageType) == {"workflow-package", "form-package", "app-package", "agent-package", "config-package"}


def test_every_type_has_a_rank_and_every_package_type_has_primary_types() -> None:
    assert set(INSTALL_RANK) == set(ArtifactType)
    assert set(PRIMARY_TYPES) == set(PackageType)
    assert all(PRIMARY_TYPES.values())


def test_each_type_is_primary_for_one_package_type() -> None:
    primary = [kind for kinds in PRIMARY_TYPES.values() for kind in kinds]

    assert sorted(primary) == sorted(ArtifactType)


def test_limits_are_those_of_the_contract() -> None:
    assert (MAX_ID_LENGTH, MAX_DEFINITION_BYTES) == (256, 50 * 1024 * 1024)
