"""Comparisons of hostile definitions: time, memory and the stack are bounded."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from installhub.artifacts.validation import ArtifactInput, InvalidArtifactError
from installhub.bundler.bundle import write_bundle
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.changes.rules import Bump, Rule
from installhub.model.artifact import ArtifactType
from installhub.model.definition import canonical_json, pack, sha256_hex
from installhub.packages.bundle_store import BundleStore
from installhub.packages.comparison import MAX_REASONS, compare_packages, definition_reasons
from installhub.packages.records import PackageRecord
from tests.builders import TENANT, node, package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

    from installhub.packages.comparison import Comparison

SCHEMA: Final = ArtifactType.ENTITY_SCHEMA
FIELDS: Final = 50_000


class StoredBundles:
    """Bundles in memory, read as from S3."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_object(self, *, Key: str, Range: str, **_: str) -> dict[str, Any]:  # noqa: N803  # boto3's names
        first, last = map(int, Range.removeprefix("bytes=").split("-"))
        return {"Body": io.BytesIO(self.objects[Key][first : last + 1])}

    def store(self, version: str, definitions: Mapping[str, bytes], kind: ArtifactType) -> PackageRecord:
        """Store a package with these definitions by artifact id."""
        packed = {name: pack(content) for name, content in definitions.items()}
        nodes = [
            replace(node(name, kind=kind), sha256=sha256_hex(content), size=len(content))
            for name, content in definitions.items()
        ]
        described = package(version=version)
        file = io.BytesIO()
        manifest = encode_manifest(build_manifest(described, [], nodes))
        layout = write_bundle(file.write, manifest, nodes, packed.values())
        self.objects[version] = file.getvalue()
        return PackageRecord(described, TENANT, "sha256:", version, layout, len(nodes), "", "")


def compared(old: bytes, new: bytes, kind: ArtifactType = SCHEMA) -> Comparison:
    """Compare two packages of a single artifact."""
    stored = StoredBundles()
    bundles = BundleStore(lambda: cast("S3Client", stored), "bundles")
    return compare_packages(bundles, stored.store("1.0.0", {"a": old}, kind), stored.store("1.0.1", {"a": new}, kind))


def nested(depth: int) -> bytes:
    return b"[" * depth + str(depth).encode() + b"]" * depth


def is_publishable(definition: bytes) -> bool:
    fields = {"type": "EntitySchema", "name": "a", "status": "published", "dependencies": []}
    try:
        ArtifactInput.from_json({"tenantId": TENANT, "artifactId": "a", "definition": json.loads(definition), **fields})
    except (InvalidArtifactError, RecursionError):
        return False
    return True


def test_whatever_can_be_published_can_be_compared() -> None:
    depths = [depth for depth in range(20, 1_000, 20) if is_publishable(nested(depth))]
    assert len(depths) > 10

    for depth in depths:
        found = compared(nested(depth), nested(depth - 1))
        places = found.places["a"]
        assert places.is_truncated or len(places.edits) == 1, depth
        assert [reason.rule for reason in found.reasons] == [Rule.SCHEMA_NOT_READ]


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_definitions_nested_beyond_the_stack_are_changed_without_places(depth: int) -> None:
    found = compared(nested(depth), nested(depth + 1))

    assert (found.places["a"].edits, found.places["a"].is_truncated) == ((), True)
    assert [reason.rule for reason in found.reasons] == [Rule.SCHEMA_NOT_READ]


def schema(*names: str, **field: Any) -> bytes:  # noqa: ANN401  # any JSON value
    return canonical_json({"fields": [{"name": name, "type": "x", **field} for name in names]})


def test_the_most_important_reasons_of_an_artifact_are_kept() -> None:
    names = [f"f{number}" for number in range(FIELDS)]
    new = canonical_json({"fields": [{"name": f"n{number}", "type": "x"} for number in range(FIELDS)]})

    found = compared(schema(*names), new)
    added = definition_reasons("a", schema(), schema(*names))

    assert [reason.rule for reason in found.reasons] == [Rule.FIELD_REMOVED] * MAX_REASONS
    assert found.suggested_bump is Bump.MAJOR
    assert [reason.rule for reason in added] == [Rule.OPTIONAL_FIELD_ADDED] * MAX_REASONS


def test_a_single_breaking_change_among_many_is_kept() -> None:
    names = [f"f{number}" for number in range(FIELDS)]

    found = definition_reasons("a", schema("z"), schema(*names))

    assert [reason.rule for reason in found] == [Rule.FIELD_REMOVED, *[Rule.OPTIONAL_FIELD_ADDED] * (MAX_REASONS - 1)]


def test_places_do_not_keep_the_definitions_in_memory() -> None:
    found = compared(b"1", schema(*map(str, range(1_000))))

    (edit,) = found.places["a"].edits
    assert (edit.operation, edit.pointer, edit.value) == ("replace", "", None)
