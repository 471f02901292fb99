"""Deleting artifacts."""

from __future__ import annotations

import time
from functools import cache

from installhub.artifacts.deletion import ArtifactDeleter
from installhub.artifacts.revisions import RevisionWriter
from installhub.composition.artifacts import artifact_table
from installhub.composition.definition_objects import definition_objects


@cache
def artifact_deleter() -> ArtifactDeleter:
    """Deletes artifacts."""
    writer = RevisionWriter(artifact_table().name, definition_objects(), time.time)
    return ArtifactDeleter(artifact_table(), definition_objects(), writer)
