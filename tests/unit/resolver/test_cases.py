"""Small graphs with their expected plans, each in a JSON file in ``cases``; a new case needs no code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from installhub.model.artifact import ArtifactStatus, ArtifactType, PackageType
from installhub.resolver.plan import Limits, make_plan
from tests.builders import FakeCatalog, node

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_resolving_a_case_file_yields_its_plan(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    artifacts = [
        node(
            artifact_id,
            *fields["dependencies"],
            kind=ArtifactType(fields["type"]),
            status=ArtifactStatus(fields.get("status", "published")),
            size=fields.get("size", 2),
        )
        for artifact_id, fields in case["artifacts"].items()
    ]
    package_type = PackageType(case["packageType"]) if "packageType" in case else None

    plan = make_plan(
        FakeCatalog(artifacts, case.get("elsewhere", ())),
        case["roots"],
        Limits(**case.get("limits", {})),
        package_type,
    )

    resolved: dict[str, Any] = {
        "roots": [root.id for root in plan.closure.root_nodes],
        "dependencies": [
            [artifact.id, plan.closure.resolved_from[artifact.id]] for artifact in plan.closure.dependency_nodes
        ],
        "installOrder": list(plan.install_order),
        "problems": [
            {name: value for name, value in problem.as_json().items() if name != "detail"} for problem in plan.problems
        ],
    }
    assert resolved == case["plan"]
    assert list(plan.cycles) == [problem.cycle for problem in plan.problems if problem.cycle]


def test_the_case_files_are_found() -> None:
    assert len(CASES) >= 13
