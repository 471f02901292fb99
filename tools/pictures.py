"""Draws the pictures of docs/packages from the sample tenant, with the code of the API.

python -m tools.pictures           write them
python -m tools.pictures --check   fail if they are out of date
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from installhub.exports.preview_graph import preview_graph
from installhub.graphs.svg import draw_svg
from installhub.model.artifact import ArtifactNode, ArtifactStatus, ArtifactType
from installhub.resolver.plan import Limits, make_plan
from tools.project import PROJECT

FOLDER: Final = PROJECT / "docs" / "packages"
SAMPLE: Final = PROJECT / "local" / "sample" / "tenant-7f3a9b12.json"
PICTURES: Final = {
    "onboarding.svg": ["proc-1001"],
    "app.svg": ["app-5001"],
    "problems.svg": ["proc-1020", "proc-1009", "proc-1007"],
}
"""The root artifacts of each picture."""


class _Catalog:
    """The sample tenant."""

    def __init__(self) -> None:
        self._nodes = {entry["artifactId"]: _node(entry) for entry in json.loads(SAMPLE.read_text())}

    def nodes(self, ids: Collection[str]) -> Mapping[str, ArtifactNode]:
        return {artifact_id: self._nodes[artifact_id] for artifact_id in ids if artifact_id in self._nodes}

    def existing_in_other_tenants(self, ids: Collection[str]) -> list[str]:
        del ids
        return []


def _node(entry: Mapping[str, Any]) -> ArtifactNode:
    return ArtifactNode(
        id=entry["artifactId"],
        type=ArtifactType(entry["type"]),
        name=entry["name"],
        status=ArtifactStatus(entry["status"]),
        dependencies=tuple(entry["dependencies"]),
        sha256="",
        size=0,
        packed_size=0,
    )


def pictures() -> dict[Path, str]:
    """The pictures by file."""
    catalog = _Catalog()
    return {
        FOLDER / name: draw_svg(preview_graph(make_plan(catalog, roots, Limits()))) for name, roots in PICTURES.items()
    }


def main() -> int:
    """Run the command."""
    FOLDER.mkdir(exist_ok=True)
    stale = [file for file, svg in pictures().items() if not file.exists() or file.read_text() != svg]
    if "--check" in sys.argv:
        if stale:
            print(f"docs/packages: {', '.join(file.name for file in stale)} out of date; run `make pictures`")
        return int(bool(stale))
    for file in stale:
        file.write_text(pictures()[file])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
