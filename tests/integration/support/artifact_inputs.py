"""Test artifacts."""

from __future__ import annotations

import base64
import random
from typing import Any, Final

from installhub.artifacts.validation import ArtifactInput

TENANT: Final = "tenant-7f3a9b12"
OTHER_TENANT: Final = "tenant-c41d77e0"


def artifact_input(
    artifact_id: str,
    *dependencies: str,
    kind: str = "RuleSet",
    definition: Any = None,  # noqa: ANN401  # any JSON value is a definition
    tenant: str = TENANT,
    status: str = "published",
    name: str = "Made up",
) -> ArtifactInput:
    """Return a valid artifact; the default definition is unique to its id."""
    return ArtifactInput.from_json(
        {
            "tenantId": tenant,
            "artifactId": artifact_id,
            "type": kind,
            "name": name,
            "status": status,
            "dependencies": list(dependencies),
            "definition": {"of": artifact_id} if definition is None else definition,
        }
    )


def incompressible(size: int, seed: int = 0) -> str:
    """Return text that compresses to no less than about ``size`` bytes."""
    return base64.b85encode(random.Random(seed).randbytes(size)).decode()  # noqa: S311  # not cryptographic
