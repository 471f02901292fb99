"""Multipart uploads of large bundles; the bytes do not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.support.artifact_inputs import artifact_input, incompressible
from tests.integration.support.bundles import bundle_in_memory, bundle_of, definitions_of
from tests.integration.support.world import command

if TYPE_CHECKING:
    from installhub.packages.bundle_store import BundleUpload
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

MEBIBYTE = 1024 * 1024


@pytest.fixture
def large_world(world: World, wire: Wire) -> World:
    """A tenant with 10 MiB of incompressible definitions."""
    ids = [f"rule-{place}" for place in range(3)]
    world.publish(
        *(
            artifact_input(artifact_id, definition=incompressible(3 * MEBIBYTE + MEBIBYTE // 2, place))
            for place, artifact_id in enumerate(ids)
        ),
        *(artifact_input(f"small-{place}") for place in range(120)),
        artifact_input("root", *ids, *(f"small-{place}" for place in range(120))),
    )
    wire.clear()
    return world


def test_a_bundle_in_parts_equals_one_made_in_memory(large_world: World, wire: Wire) -> None:
    exported = large_world.export("root")

    assert wire.count("CreateMultipartUpload", "CompleteMultipartUpload") == 2
    assert wire.count("UploadPart") == 2
    assert wire.count("PutObject") == 0
    bundle = bundle_of(large_world, exported)
    assert len(bundle) > 10 * MEBIBYTE
    assert bundle == bundle_in_memory(large_world, command("root"))
    assert len(definitions_of(bundle)) == 124
    assert large_world.uploads() == []


def test_a_bundle_of_exactly_one_part_and_of_one_byte_more(world: World) -> None:
    for size in (8 * MEBIBYTE - 1, 8 * MEBIBYTE, 8 * MEBIBYTE + 1):
        with world.bundles().upload(f"bundles/{size}") as upload:
            upload.write(b"x" * 1000)
            upload.write(b"x" * (size - 1000))
        assert world.bundles().read(f"bundles/{size}") == b"x" * size
        assert world.bundles().read_range(f"bundles/{size}", size - 3, 3) == b"xxx"
    assert world.uploads() == []


@pytest.mark.parametrize("size", [10, 9 * MEBIBYTE, 30 * MEBIBYTE])
def test_an_aborted_upload_leaves_nothing(world: World, size: int) -> None:
    def write_and_fail(upload: BundleUpload) -> None:
        for _ in range(0, size, MEBIBYTE):
            upload.write(b"x" * min(size, MEBIBYTE))
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"), world.bundles().upload("bundles/key") as upload:
        write_and_fail(upload)

    assert (world.objects(), world.uploads()) == ([], [])


def test_an_empty_upload_is_an_empty_object(world: World) -> None:
    with world.bundles().upload("bundles/key"):
        pass

    assert world.bundles().read("bundles/key") == b""
