"""Row 17: pages of packages and versions, in a tenant of 100 and of 100,000 packages, compared with reading bare keys."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from bench.database import Database, create_table
from bench.dynamodb import CallCounter, count_calls
from bench.harness import Outcome, at_most, log_progress, time_alternately
from installhub.bundler.layout import BundleLayout
from installhub.model.artifact import PackageType
from installhub.model.lifecycle import Lifecycle
from installhub.model.package import PackageDescription
from installhub.model.timestamps import format_timestamp
from installhub.packages import index_items
from installhub.packages.package_filter import PackageFilter
from installhub.packages.package_index import PackageIndex
from installhub.packages.records import PackageRecord
from installhub.packages.versions import version_page

if TYPE_CHECKING:
    from installhub.runtime.dynamodb import NewItem

FEW: Final = 100
MANY: Final = 100_000
VERSIONS: Final = 1_000
PAGE: Final = 50
ROUNDS: Final = 9
_TABLE: Final = "package-index"
_START: Final = 1_780_000_000
_DESCRIPTION: Final = "Complete onboarding workflow, with forms, rules and schemas of the HR department. " * 2


def run(database: Database) -> list[Outcome]:
    """Measure row 17."""
    create_table(database.client, "PackageIndexTable", _TABLE)
    index = PackageIndex(database.client, _TABLE)
    for count in (FEW, MANY):
        database.put(_TABLE, _packages(count))
        log_progress(f"wrote a tenant of {count:,} packages")
    return [*_lists(index), *_versions(index)]


def _lists(index: PackageIndex) -> list[Outcome]:
    filters = {
        "all": PackageFilter(),
        "of a name": PackageFilter(name="Suite 0"),
        "with a tag that few have": PackageFilter(tag="rare"),
        "of a state that none has": PackageFilter(lifecycle=Lifecycle.YANKED),
        "in a time": PackageFilter(exported_before=format_timestamp(_START + 60)),
    }
    counted: dict[int, dict[str, CallCounter]] = {count: {} for count in (FEW, MANY)}
    for count, by_name in counted.items():
        for name, wanted in filters.items():
            with count_calls(index.client) as by_name[name]:
                index.list([_tenant(count)], wanted, PAGE, None)
    described = "; ".join(
        f"{name} {one.total} requests, {one.read_units:g} read units" for name, one in counted[MANY].items()
    )
    page = f"a page of {PAGE}, strongly consistent"
    few, many = (counted[count]["all"].read_units for count in (FEW, MANY))
    return [
        at_most(
            "17 package lists: page, requests",
            max(one.total for by_name in counted.values() for one in by_name.values()),
            2,
            f"{page}, in a tenant of {FEW} and one of {MANY:,} packages; in the latter: {described}",
        ),
        at_most(
            "17 package lists: page, read units by size of the tenant",
            many / few,
            1.05,
            f"{page}: {many:g} in a tenant of {MANY:,} packages, versus {few:g} in one of {FEW}",
        ),
    ]


def _versions(index: PackageIndex) -> list[Outcome]:
    tenant, name = _tenant(MANY), "Suite 0"

    def ours() -> None:
        version_page(index.versions(tenant, name), tenant, name, PAGE, None)

    def bare() -> None:
        key: Any = {":pk": {"S": index_items.name_partition(tenant, name)}}
        request: dict[str, Any] = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": key}
        index.client.query(TableName=_TABLE, ConsistentRead=True, **request)

    with count_calls(index.client) as counter:
        ours()
    found = index.versions(tenant, name)
    actions: dict[str, Callable[[], None]] = {"ours": ours, "bare": bare}
    timed = time_alternately(actions, ROUNDS, time.process_time)
    how = f"{len(found):,} versions of a name in a tenant of {MANY:,} packages, {counter.read_units:g} read units"
    return [
        at_most("17 package lists: versions, requests", counter.total, 2, how),
        at_most(
            "17 package lists: versions, CPU",
            timed.ratio("ours", "bare"),
            3,
            f"{how}; read, parsed and sorted in {timed.median('ours'):.3f} s, versus {timed.median('bare'):.3f} s for one Query "
            "with boto3",
        ),
    ]


def _packages(count: int) -> Iterator[NewItem]:
    """The items of ``count`` packages: a thousand versions of one name in the tenant of many, and others."""
    for number in range(count):
        own_name = number % (MANY // VERSIONS) if count == MANY else number % 10
        version = f"{number // 100}.{number % 100}.{number}-rc.{number}" if number % 3 else f"{number}.0.0"
        record = PackageRecord(
            description=PackageDescription(
                package_id=f"pkg-{uuid.uuid5(uuid.NAMESPACE_OID, str(number))}",
                name=f"Suite {own_name}",
                version=version,
                package_type=PackageType.WORKFLOW,
                description=_DESCRIPTION,
                author="HR Automation Team",
                tags=("hr", "rare" if number % 5_000 == 0 else "onboarding"),
            ),
            tenant=_tenant(count),
            checksum=f"sha256:{'5b' * 32}",
            bundle_key="",
            layout=BundleLayout(size=4_867, manifest_offset=0, manifest_packed_size=0, manifest_size=0),
            artifact_count=5,
            exported_at=format_timestamp(_START + number),
            exported_by="hr-automation",
        )
        yield index_items.package_item(record)
        if own_name == 0:
            yield index_items.version_item(record)


def _tenant(count: int) -> str:
    return f"tenant-of-{count}"
