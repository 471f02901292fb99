"""Compares two templates for changes that CloudFormation refuses, or that would lose data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Resources = Mapping[str, Mapping[str, Any]]

# Changing one of these replaces the resource; its content stays behind, retained or deleted.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ ("Update requires: Replacement")
REPLACING: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"),
    "AWS::S3::Bucket": ("BucketName", "ObjectLockEnabled"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::Events::EventBus": ("Name",),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion"),
}

MAX_INDEX_CHANGES: Final = 1
"""Global secondary indexes of a table that one update may add or remove (an AWS limit)."""


def problems(old: Resources, new: Resources) -> Iterator[str]:
    """Yield what prevents the update of a stack with the resources ``old`` to ``new``, or would lose data."""
    for name, resource in old.items():
        kind = resource["Type"]
        if kind not in REPLACING:
            continue
        if name not in new:
            yield f"{name}: is missing; a {kind} that is not needed any more has to remain for a release"
        elif new[name]["Type"] != kind:
            yield f"{name}: changes its type from {kind} to {new[name]['Type']}"
        else:
            yield from _replacements(name, kind, resource, new[name])
            yield from _index_changes(name, resource, new[name])
            yield from _lost_protection(name, resource, new[name])


def _replacements(name: str, kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for prop in REPLACING[kind]:
        if _properties(old).get(prop) != _properties(new).get(prop):
            yield f"{name}: a change of {prop} would replace it, without its content"


def _index_changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = _indexes(old), _indexes(new)
    changed = sorted(before.keys() ^ after.keys())
    if len(changed) > MAX_INDEX_CHANGES:
        yield f"{name}: adds or removes {len(changed)} indexes ({', '.join(changed)}); one update can change only one"
    for index in sorted(before.keys() & after.keys()):
        for prop in ("KeySchema", "Projection"):
            if before[index].get(prop) != after[index].get(prop):
                yield f"{name}: a change of {prop} of the index {index} is refused; add another index instead"


def _lost_protection(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        if old.get(policy) == "Retain" != new.get(policy):
            yield f"{name}: is no longer retained ({policy})"


def _indexes(resource: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {index["IndexName"]: index for index in _properties(resource).get("GlobalSecondaryIndexes", ())}


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = resource.get("Properties", {})
    return properties
