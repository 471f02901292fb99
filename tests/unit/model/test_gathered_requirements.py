"""The requirements of a closure: one per name, whoever declares it, and conflicts between declarations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.artifact import ArtifactNode
from installhub.model.gathered_requirements import GatheredRequirement, gather_requirements
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from tests.builders import node

MAIL = Requirement("mail", RequirementKind.CONNECTION, description="The mail server")
LIMIT = Requirement("limit", RequirementKind.VARIABLE, value_type=ValueType.NUMBER, default=3)
TOKEN = Requirement("token", RequirementKind.SECRET)


def requiring(artifact_id: str, *requirements: Requirement) -> ArtifactNode:
    return replace(node(artifact_id), requirements=requirements)


def test_a_requirement_lists_every_artifact_that_declares_it() -> None:
    found = gather_requirements([requiring("z", MAIL, LIMIT), requiring("b"), requiring("a", TOKEN, MAIL)])

    assert list(found) == [
        GatheredRequirement(LIMIT, ("z",), is_conflicting=False),
        GatheredRequirement(MAIL, ("a", "z"), is_conflicting=False),
        GatheredRequirement(TOKEN, ("a",), is_conflicting=False),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": RequirementKind.CONNECTION},
        {"description": "Another one"},
        {"value_type": ValueType.STRING},
        {"default": 4},
        {"default": 3.0},
        {"default": True},
        {"default": None},
    ],
    ids=repr,
)
def test_declarations_that_differ_in_anything_conflict(changes: dict[str, Any]) -> None:
    (gathered,) = gather_requirements([requiring("a", LIMIT), requiring("b", replace(LIMIT, **changes))])

    assert gathered.is_conflicting
    assert gathered.required_by == ("a", "b")


@given(st.permutations([requiring("a", MAIL), requiring("b", LIMIT, MAIL), requiring("c", replace(MAIL, default="x"))]))
def test_the_order_of_the_artifacts_does_not_matter(artifacts: list[ArtifactNode]) -> None:
    assert list(gather_requirements(artifacts)) == list(gather_requirements(reversed(artifacts)))


@pytest.mark.parametrize("requirement", [MAIL, LIMIT, TOKEN, replace(MAIL, default="")])
def test_a_requirement_survives_its_json(requirement: Requirement) -> None:
    assert Requirement.from_json(requirement.as_json()) == requirement
