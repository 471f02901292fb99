"""Publishes artifacts to a local stack's tables directly, which takes less time than the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.artifacts.definition_objects import DefinitionObjects
from installhub.artifacts.publisher import Publisher
from local.aws import Aws

if TYPE_CHECKING:
    from collections.abc import Iterable

    from installhub.artifacts.validation import ArtifactInput
    from local.state import Stack


def publish_directly(stack: Stack, artifacts: Iterable[ArtifactInput]) -> None:
    """Publish artifacts."""
    aws = Aws(stack.endpoint)
    objects = DefinitionObjects(lambda: aws.s3, stack.outputs["DefinitionBucket"])
    Publisher(aws.dynamodb, stack.outputs["ArtifactsTable"], objects).publish(artifacts)
