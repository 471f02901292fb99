"""Differences between manifests."""

from __future__ import annotations

from installhub.changes.manifest_diff import compare_manifests
from installhub.model.artifact import ArtifactType
from installhub.model.requirement import Requirement, RequirementKind
from tests.unit.changes.building import Contents

VARIABLE = Requirement("region", RequirementKind.VARIABLE, default=True)
BASE = Contents().with_artifact("a").with_artifact("b", "a").with_artifact("c", "a", "b")


def test_artifacts_are_added_removed_changed_or_the_same() -> None:
    new = BASE.without("b").with_artifact("c", "a", definition=1).with_artifact("d")

    difference = compare_manifests(BASE.manifest("a"), new.manifest("a"))

    assert [entry.id for entry in difference.added] == ["d"]
    assert [entry.id for entry in difference.removed] == ["b"]
    assert [(change.old.dependencies, change.new.dependencies) for change in difference.changed] == [
        (("a", "b"), ("a",))
    ]
    assert difference.unchanged == 1


def test_each_part_of_an_artifact_makes_it_different() -> None:
    variants = [
        BASE.with_artifact("b", "a", kind=ArtifactType.RULE_SET),
        BASE.with_artifact("b", "a", name="Other"),
        BASE.with_artifact("b", "a", definition="other"),
        BASE.with_artifact("b", "c"),
        BASE.with_artifact("b", "a", requirements=(VARIABLE,)),
    ]

    changed = [compare_manifests(BASE.manifest("a"), new.manifest("a")).changed for new in variants]
    assert [[change.new.id for change in changes] for changes in changed] == [["b"]] * len(variants)
    assert [changes[0].has_new_definition for changes in changed] == [False, False, True, False, False]


def test_the_order_of_dependencies_is_part_of_an_artifact() -> None:
    difference = compare_manifests(BASE.manifest("a"), BASE.with_artifact("c", "b", "a").manifest("a"))

    assert [change.new.id for change in difference.changed] == ["c"]


def test_a_changed_requirement_changes_the_artifacts_that_declare_it() -> None:
    old = BASE.with_artifact("b", "a", requirements=(VARIABLE,))
    new = BASE.with_artifact("b", "a", requirements=(Requirement("region", RequirementKind.VARIABLE, default=1),))

    difference = compare_manifests(old.manifest("a"), new.manifest("a"))

    assert [change.new.id for change in difference.changed] == ["b"]
    assert [(change.name, change.position) for change in difference.requirements] == [("region", 0)]


def test_the_packages_own_fields_are_compared_but_not_its_name_and_version() -> None:
    new = {**BASE.manifest("a", "b", description="new"), "name": "Other", "version": "2.0.0", "packageId": "other"}

    assert compare_manifests(BASE.manifest("a"), new).fields == ("description", "rootArtifacts")
