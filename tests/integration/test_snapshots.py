"""An export is a snapshot: concurrent edits never mix revisions in a bundle."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from installhub.artifacts import items
from installhub.model.definition import unpack
from installhub.model.errors import ServiceUnavailableError
from installhub.resolver.closure import discover
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.bundles import bundle_of, definitions_of
from tests.integration.support.wire import BrokenBody, ConcurrentAction

if TYPE_CHECKING:
    from installhub.artifacts.validation import ArtifactInput
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

SMALL, LARGE = "a text", incompressible(12 * 1024)
pytestmark = pytest.mark.usefixtures("small_items")
IDS = [f"rule-{place}" for place in range(5)]


def revision(number: int) -> list[ArtifactInput]:
    """Return a chain of artifacts of one revision; some definitions are large."""
    chain = [*IDS, ""]
    return [
        artifact_input(
            artifact_id,
            *([chain[place + 1]] if chain[place + 1] else []),
            name=f"Revision {number}",
            definition={"revision": number, "text": LARGE if place % 2 else SMALL},
        )
        for place, artifact_id in enumerate(IDS)
    ]


@pytest.mark.parametrize("text", [SMALL, LARGE], ids=["in an item", "in S3"])
def test_the_resolved_revision_is_read_whatever_was_published_since(world: World, text: str) -> None:
    first = artifact_input("rule", definition=["first", text])
    world.publish(first)
    nodes = list(discover(world.artifacts().for_tenant(TENANT), ["rule"], 10).nodes.values())

    for number in range(3):
        world.publish(artifact_input("rule", definition=[number, text]))
    (packed,) = world.definitions().read(TENANT, nodes)

    assert unpack(b"".join(packed.chunks), packed.size) == first.definition


def test_an_export_during_edits_at_every_step_never_mixes_revisions(world: World, wire: Wire) -> None:
    numbers = itertools.count(1)
    world.publish(*revision(0))
    wire.clear()
    editor = world.with_other_clients()
    wire.fault = ConcurrentAction(lambda _: True, lambda: editor.publish(*revision(next(numbers))))

    exported = world.export("rule-0")

    assert next(numbers) > 5
    assert list(definitions_of(bundle_of(editor, exported))) == IDS[::-1]


def test_an_export_during_edits_uses_each_artifact_as_it_was_read(world: World, wire: Wire) -> None:
    world.publish(
        artifact_input("root", "old"), artifact_input("old"), artifact_input("new", "newer"), artifact_input("newer")
    )
    wire.clear()
    wire.fault = ConcurrentAction.at(
        "BatchGetItem-2", lambda: world.with_other_clients().publish(artifact_input("root", "new"))
    )

    exported = world.export("root")

    assert exported.manifest["installOrder"] == ["old", "root"]
    definitions_of(bundle_of(world.with_other_clients(), exported))


def test_a_missing_definition_leaves_no_half_bundle(world: World) -> None:
    world.publish(artifact_input("rule"), artifact_input("root", "rule"))
    nodes = list(discover(world.artifacts().for_tenant(TENANT), ["root"], 10).nodes.values())
    for node in nodes:
        key = items.primary_key(TENANT, items.body_sort_key(node.id, node.sha256))
        world.dynamodb.delete_item(TableName=world.name("ArtifactsTable"), Key=key)

    with pytest.raises(ServiceUnavailableError):
        list(world.definitions().read(TENANT, nodes))
    with pytest.raises(ServiceUnavailableError):
        world.export("root")

    assert (world.package_statuses(), world.objects()) == ({}, [])


def test_a_missing_large_definition_leaves_no_half_bundle(world: World) -> None:
    world.publish(artifact_input("rule", definition=LARGE))
    bucket = world.name("DefinitionBucket")
    for version in world.s3.list_object_versions(Bucket=bucket)["Versions"]:
        world.s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])

    with pytest.raises(ServiceUnavailableError):
        world.export("rule")

    assert (world.package_statuses(), world.objects()) == ({}, [])


def test_a_large_definition_that_breaks_off_leaves_no_half_bundle(world: World, wire: Wire) -> None:
    world.publish(artifact_input("rule", definition=LARGE))
    wire.clear()
    wire.fault = BrokenBody("GetObject-1")

    with pytest.raises(ServiceUnavailableError):
        world.export("rule")

    assert (world.package_statuses(), world.objects()) == ({}, [])
