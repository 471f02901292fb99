"""The items of the package index, which finds packages by what they contain and by their tenant.

A package has a *membership item* for each of its artifacts, in a partition of that artifact, a *version item* in the
partition of its name, and a *package item* in the partition of its tenant. All partitions are sorted by the time of the
export. The package item is written last, so it shows that the package is indexed completely.

Partition keys start with the digest of the tenant: it has a fixed length, so that no other tenant's id and artifact id
lead to the same key.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.model.artifact import PackageType
from installhub.model.lifecycle import Lifecycle
from installhub.model.package import normalized_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from installhub.packages.records import PackageRecord
    from installhub.runtime.dynamodb import Item, NewItem

PARTITION: Final = "pk"
SORT: Final = "sk"
NAME: Final = "name"
NORMALIZED_NAME: Final = "normalized"
VERSION: Final = "version"
PACKAGE_TYPE: Final = "type"
SHA256: Final = "sha256"
ARTIFACT_COUNT: Final = "artifacts"
TENANT: Final = "tenant"
TAGS: Final = "tags"
LIFECYCLE: Final = "lifecycle"
LIFECYCLE_REVISION: Final = "revision"
_DESCRIPTION: Final = "description"
_AUTHOR: Final = "author"
_BUNDLE_SIZE: Final = "size"
_CHECKSUM: Final = "checksum"
_EXPORTED_BY: Final = "exportedBy"

_SORT_KEY: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ#pkg-[0-9a-f-]{36}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ContainingPackage:
    """A package that contains an artifact.

    Attributes:
        package_id: Its id.
        name: Its name.
        version: Its version.
        package_type: Its purpose.
        exported_at: When it was exported, RFC 3339 in UTC.
        sha256: Digest of the artifact's definition in the package.
    """

    package_id: str
    name: str
    version: str
    package_type: PackageType
    exported_at: str
    sha256: str


@dataclass(frozen=True, slots=True)
class IndexedPackage:
    """A package in a list.

    Attributes:
        package_id: Its id.
        name: Its name.
        version: Its version.
        package_type: Its purpose.
        description: Free text.
        author: Free text.
        tags: Free texts.
        tenant: Id of its tenant.
        artifact_count: Number of artifacts in the bundle.
        bundle_size: Size of the bundle in bytes.
        checksum: ``sha256:<hex>`` of the bundle.
        exported_at: When it was exported, RFC 3339 in UTC.
        exported_by: For the audit trail.
        lifecycle: Whether it should still be used.
    """

    package_id: str
    name: str
    version: str
    package_type: PackageType
    description: str | None
    author: str | None
    tags: tuple[str, ...]
    tenant: str
    artifact_count: int
    bundle_size: int
    checksum: str
    exported_at: str
    exported_by: str
    lifecycle: Lifecycle

    @property
    def sort_key(self) -> str:
        """The position in a list, the same in all partitions."""
        return _joined(self.exported_at, self.package_id)


def membership_prefix(tenant: str) -> str:
    """The prefix of the partition keys of all membership items of ``tenant``."""
    return f"A#{_digest(tenant)}#"


def artifact_partition(tenant: str, artifact_id: str) -> str:
    """The partition key of an artifact's membership items; at most 1,091 of the 2,048 bytes that a key may have."""
    return f"{membership_prefix(tenant)}{artifact_id}"


def tenant_partition(tenant: str) -> str:
    """The partition key of a tenant's package items."""
    return f"T#{_digest(tenant)}"


def name_prefix(tenant: str) -> str:
    """The prefix of the partition keys of all version items of ``tenant``."""
    return f"N#{_digest(tenant)}#"


def name_partition(tenant: str, name: str) -> str:
    """The partition key of the version items of a name. It contains a digest: a normalized name has any length."""
    return f"{name_prefix(tenant)}{_digest(normalized_name(name))}"


def first_sort_key(exported_after: str | None) -> str:
    """A lower bound of the sort keys of packages exported after this time, RFC 3339 in UTC."""
    return "0" if exported_after is None else f"{exported_after}#~"  # after all package ids


def last_sort_key(exported_before: str | None) -> str:
    """An upper bound of the sort keys of packages exported before this time, RFC 3339 in UTC."""
    return ":" if exported_before is None else f"{exported_before}#"  # ":" follows the digits


def is_sort_key(text: str) -> bool:
    """Whether ``text`` has the form of a sort key."""
    return _SORT_KEY.fullmatch(text) is not None


def primary_key(partition: str, sort_key: str) -> NewItem:
    """The primary key of an item."""
    return {PARTITION: {"S": partition}, SORT: {"S": sort_key}}


def package_key(record: PackageRecord) -> NewItem:
    """The primary key of a package item."""
    return primary_key(tenant_partition(record.tenant), _sort_key(record))


def version_key(record: PackageRecord) -> NewItem:
    """The primary key of a version item."""
    return primary_key(name_partition(record.tenant, record.description.name), _sort_key(record))


def package_item(record: PackageRecord) -> NewItem:
    """The package item of a package."""
    return {**package_key(record), **_package_attributes(record)}


def version_item(record: PackageRecord) -> NewItem:
    """The version item of a package."""
    return {**version_key(record), **_package_attributes(record)}


def indexed_package(item: Item) -> IndexedPackage:
    """The package in a package item or version item."""
    exported_at, _, package_id = item[SORT]["S"].partition("#")
    return IndexedPackage(
        package_id=package_id,
        name=item[NAME]["S"],
        version=item[VERSION]["S"],
        package_type=PackageType(item[PACKAGE_TYPE]["S"]),
        description=item[_DESCRIPTION]["S"] if _DESCRIPTION in item else None,
        author=item[_AUTHOR]["S"] if _AUTHOR in item else None,
        tags=tuple(tag["S"] for tag in item[TAGS]["L"]),
        tenant=item[TENANT]["S"],
        artifact_count=int(item[ARTIFACT_COUNT]["N"]),
        bundle_size=int(item[_BUNDLE_SIZE]["N"]),
        checksum=f"sha256:{item[_CHECKSUM]['B'].hex()}",
        exported_at=exported_at,
        exported_by=item[_EXPORTED_BY]["S"],
        lifecycle=Lifecycle(item[LIFECYCLE]["S"]),
    )


def lifecycle_attributes(record: PackageRecord) -> NewItem:
    """The attributes of package and version items that change with the lifecycle of a package."""
    return {
        LIFECYCLE: {"S": record.state.lifecycle.value},
        LIFECYCLE_REVISION: {"N": str(record.state.revision)},
    }


def membership_key(record: PackageRecord, artifact_id: str) -> NewItem:
    """The primary key of a membership item."""
    return primary_key(artifact_partition(record.tenant, artifact_id), _sort_key(record))


def membership_item(record: PackageRecord, artifact: Mapping[str, Any]) -> NewItem:
    """The membership item of ``artifact``, an artifact in the package's manifest.

    It has all that a list of packages shows, since reading the packages would cost more than these bytes do.
    """
    return {
        **membership_key(record, artifact["id"]),
        **_attributes(record),
        SHA256: {"B": bytes.fromhex(artifact["sha256"])},
    }


def containing_package(item: Item) -> ContainingPackage:
    """The package in a membership item."""
    exported_at, _, package_id = item[SORT]["S"].partition("#")
    return ContainingPackage(
        package_id=package_id,
        name=item[NAME]["S"],
        version=item[VERSION]["S"],
        package_type=PackageType(item[PACKAGE_TYPE]["S"]),
        exported_at=exported_at,
        sha256=item[SHA256]["B"].hex(),
    )


def _attributes(record: PackageRecord) -> NewItem:
    description = record.description
    return {
        NAME: {"S": description.name},
        VERSION: {"S": description.version},
        PACKAGE_TYPE: {"S": description.package_type.value},
    }


def _package_attributes(record: PackageRecord) -> NewItem:
    description = record.description
    attributes = {
        **_attributes(record),
        **lifecycle_attributes(record),
        NORMALIZED_NAME: {"S": normalized_name(description.name)},
        TAGS: {"L": [{"S": tag} for tag in description.tags]},
        TENANT: {"S": record.tenant},
        ARTIFACT_COUNT: {"N": str(record.artifact_count)},
        _BUNDLE_SIZE: {"N": str(record.layout.size)},
        _CHECKSUM: {"B": bytes.fromhex(record.checksum.removeprefix("sha256:"))},
        _EXPORTED_BY: {"S": record.exported_by},
    }
    if description.description is not None:
        attributes[_DESCRIPTION] = {"S": description.description}
    if description.author is not None:
        attributes[_AUTHOR] = {"S": description.author}
    return attributes


def _sort_key(record: PackageRecord) -> str:
    return _joined(record.exported_at, record.description.package_id)


def _joined(exported_at: str, package_id: str) -> str:
    return f"{exported_at}#{package_id}"


def _digest(tenant: str) -> str:
    return hashlib.sha256(tenant.encode()).hexdigest()
