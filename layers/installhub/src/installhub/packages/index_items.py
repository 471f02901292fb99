"""The items of the package index, which finds packages by what they contain and by their tenant.

A package has a *membership item* for each of its artifacts, in a partition of that artifact, and a *package item* in
the partition of its tenant. Both kinds of partition are sorted by the time of the export. The package item is written
last, so it shows that the package is indexed completely.

Partition keys start with the digest of the tenant: it has a fixed length, so that no other tenant's id and artifact id
lead to the same key.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from installhub.model.artifact import PackageType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from installhub.packages.records import PackageRecord
    from installhub.runtime.dynamodb import Item, NewItem

PARTITION: Final = "pk"
SORT: Final = "sk"
NAME: Final = "name"
VERSION: Final = "version"
PACKAGE_TYPE: Final = "type"
SHA256: Final = "sha256"
ARTIFACT_COUNT: Final = "artifacts"

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


def membership_prefix(tenant: str) -> str:
    """The prefix of the partition keys of all membership items of ``tenant``."""
    return f"A#{_digest(tenant)}#"


def artifact_partition(tenant: str, artifact_id: str) -> str:
    """The partition key of an artifact's membership items; at most 1,091 of the 2,048 bytes that a key may have."""
    return f"{membership_prefix(tenant)}{artifact_id}"


def tenant_partition(tenant: str) -> str:
    """The partition key of a tenant's package items."""
    return f"T#{_digest(tenant)}"


def is_sort_key(text: str) -> bool:
    """Whether ``text`` has the form of a sort key."""
    return _SORT_KEY.fullmatch(text) is not None


def primary_key(partition: str, sort_key: str) -> NewItem:
    """The primary key of an item."""
    return {PARTITION: {"S": partition}, SORT: {"S": sort_key}}


def package_key(record: PackageRecord) -> NewItem:
    """The primary key of a package item."""
    return primary_key(tenant_partition(record.tenant), _sort_key(record))


def package_item(record: PackageRecord) -> NewItem:
    """The package item of a package."""
    return {
        **package_key(record),
        **_attributes(record),
        ARTIFACT_COUNT: {"N": str(record.artifact_count)},
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


def _sort_key(record: PackageRecord) -> str:
    return f"{record.exported_at}#{record.description.package_id}"


def _digest(tenant: str) -> str:
    return hashlib.sha256(tenant.encode()).hexdigest()
