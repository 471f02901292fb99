"""The package index in tests, where no stream invokes the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from installhub.packages.package_index import PackageIndex
from tests.integration.support.artifact_inputs import TENANT
from tests.integration.support.functions import sample_event

if TYPE_CHECKING:
    from installhub.exports.commands import ExportedPackage
    from tests.integration.support.world import World


def stream_event(world: World, package: ExportedPackage) -> dict[str, Any]:
    """Return the event that the stream of the packages table sends for a package."""
    event = sample_event("index_packages")
    key = {"packageId": {"S": package.record.description.package_id}}
    item = world.dynamodb.get_item(TableName=world.name("PackagesTable"), Key=key)["Item"]
    event["Records"][0]["dynamodb"].update(Keys=key, NewImage=item)
    return event


def containing(world: World, artifact_id: str, tenant: str = TENANT) -> list[str]:
    """Return the versions of the packages that contain an artifact, the newest first."""
    index = PackageIndex(world.dynamodb, world.name("PackageIndexTable"))
    return [package.version for package in index.containing(tenant, artifact_id, 200, None).entries]


def index_items(world: World) -> list[Any]:
    """Return all items of the package index."""
    return list(world.dynamodb.scan(TableName=world.name("PackageIndexTable"))["Items"])


def delete_package(world: World, package: ExportedPackage) -> None:
    """Delete a package and its bundle, as `make erase` does before it deletes the items of the index."""
    world.s3.delete_object(Bucket=world.name("BundleBucket"), Key=package.record.bundle_key)
    key = {"packageId": {"S": package.record.description.package_id}}
    world.dynamodb.delete_item(TableName=world.name("PackagesTable"), Key=key)
