"""GET /packages and GET /packages/versions: packages of one tenant or several, filtered and in pages."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installhub.contract.package_models import PackageList, VersionList
from installhub.model.cursor import CursorScope
from installhub.model.lifecycle import Lifecycle, LifecycleChange, LifecycleState
from installhub.packages import index_items
from installhub.packages.package_filter import PackageFilter
from installhub.packages.package_index import MAX_LISTED_TENANTS, PackageIndex
from installhub.runtime.batch_write import batch_put
from tests.builders import record
from tests.integration.support.api import CALLER, Api, ApiResponse
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input
from tests.integration.support.functions import Functions
from tests.integration.support.wire import AccessDenied, Outage

if TYPE_CHECKING:
    from collections.abc import Callable

    from installhub.identity.caller import Caller
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World

START: Final = 1_780_000_000  # 2026-05-28T20:26:40Z
BOTH: Final = replace(CALLER, tenants=(TENANT, OTHER_TENANT))
FILTERS: Final = ("name", "namePrefix", "packageType", "tag", "lifecycle", "exportedAfter", "exportedBefore")


@dataclass
class Packages:
    """Exports packages and lists them."""

    world: World
    api: Api
    exported: int = field(default=0)

    def export(
        self,
        version: str,
        name: str = "Suite",
        tenant: str = TENANT,
        after: int | None = None,
        tags: tuple[str, ...] = (),
    ) -> str:
        """Export and index a package, each a second after the one before, and return its id."""
        self.exported += 1
        at = START + (self.exported if after is None else after)
        exported = self.world.at(lambda: at).export("rule", version=version, name=name, tenant=tenant, tags=tags)
        self.world.indexer().index(exported.record)
        return exported.record.description.package_id

    def set_lifecycle(self, package_id: str, lifecycle: str) -> None:
        patch = {"lifecycle": lifecycle, "reason": None if lifecycle == "active" else "Outdated."}
        assert self.api.change_lifecycle(package_id, patch).status == 200

    def list(self, caller: Caller = CALLER, /, **query: str) -> list[str]:
        """The versions on the first page."""
        response = self.api.list_packages(caller, **query)
        assert response.status == 200, response.body
        return [package.version for package in PackageList.model_validate_json(response.body).packages]

    def versions(self, name: str = "Suite", **query: str) -> VersionList:
        response = self.api.list_versions(name=name, **query)
        assert response.status == 200, response.body
        return VersionList.model_validate_json(response.body)


@pytest.fixture
def packages(world: World) -> Packages:
    for tenant in (TENANT, OTHER_TENANT):
        world.publish(artifact_input("rule", tenant=tenant))
    return Packages(world, Api(Functions(world.deployment)))


def follow(send: Any, key: str) -> tuple[list[str], list[int]]:  # noqa: ANN401  # a method of Api
    """Follow the links of a list. Returns the versions in it, and the sizes of its pages."""
    found: list[str] = []
    sizes = []
    query: dict[str, str] = {}
    while True:
        response = send(**query)
        assert response.status == 200, response.body
        found += [package["version"] for package in response.json[key]]
        sizes.append(len(response.json[key]))
        if response.json["nextCursor"] is None:
            assert "Link" not in response.headers
            return found, sizes
        link = response.headers["Link"]
        assert (link[:2], link[-13:]) == ("<?", '>; rel="next"')
        query = dict(parse_qsl(link[2:-13], strict_parsing=True))
        assert query["cursor"] == response.json["nextCursor"]


def encoded(text: str) -> str:
    return "~" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_an_entry_describes_the_package(packages: Packages) -> None:
    package_id = packages.export("1.0.0")
    exported = packages.world.packages().find(package_id)
    assert exported is not None

    (entry,) = packages.api.list_packages().json["packages"]

    assert entry == {
        "packageId": package_id,
        "packageName": "Suite",
        "version": "1.0.0",
        "packageType": exported.description.package_type.value,
        "description": exported.description.description,
        "author": exported.description.author,
        "tags": list(exported.description.tags),
        "tenantId": TENANT,
        "artifactCount": 1,
        "bundleSize": exported.layout.size,
        "checksum": exported.checksum,
        "exportedAt": "2026-05-28T20:26:41Z",
        "exportedBy": exported.exported_by,
        "lifecycle": "active",
        "bundleDownloadUrl": f"/api/installhub/packages/{package_id}/download",
    }


def test_packages_are_listed_newest_first(packages: Packages) -> None:
    for version in ("1.0.0", "3.0.0", "2.0.0"):
        packages.export(version)
    packages.export("9.0.0", tenant=OTHER_TENANT)

    assert packages.list() == ["2.0.0", "3.0.0", "1.0.0"]


def test_all_tenants_of_the_token_are_listed_together_unless_the_header_names_one(packages: Packages) -> None:
    for number in range(6):
        packages.export(f"1.0.{number}", tenant=(TENANT, OTHER_TENANT)[number % 2])

    assert packages.list(BOTH) == [f"1.0.{number}" for number in (5, 4, 3, 2, 1, 0)]
    theirs = packages.api.list_packages(BOTH, {"X-Tenant-Id": OTHER_TENANT}).json["packages"]
    assert [(one["version"], one["tenantId"]) for one in theirs] == [
        (f"1.0.{number}", OTHER_TENANT) for number in (5, 3, 1)
    ]
    foreign = packages.api.list_packages(CALLER, {"X-Tenant-Id": OTHER_TENANT})
    assert (foreign.status, foreign.error_code) == (403, "TenantMismatch")


def test_a_token_with_very_many_tenants_has_to_choose_one(packages: Packages) -> None:
    packages.export("1.0.0")
    tenants = (TENANT, *(f"tenant-{number}" for number in range(MAX_LISTED_TENANTS - 1)))

    assert packages.list(replace(CALLER, tenants=tenants)) == ["1.0.0"]
    refused = packages.api.list_packages(replace(CALLER, tenants=(*tenants, "one-more")))
    assert (refused.status, refused.error_code) == (400, "InvalidRequest")
    assert "X-Tenant-Id" in refused.json["detail"]


def test_filters_select(packages: Packages) -> None:
    packages.world.publish(artifact_input("proc", kind="ProcessDefinition"))
    packages.export("1.0.0", name="Straße Suite", tags=("hr", "urgent"), after=0)
    packages.export("2.0.0", name="STRASSE SUITE ", after=10)
    packages.export("3.0.0", name="Other", tags=("hr urgent",), after=20)
    deprecated = packages.export("4.0.0", name="Strassenbahn", after=30)
    packages.set_lifecycle(deprecated, "deprecated")

    assert packages.list() == ["4.0.0", "3.0.0", "2.0.0", "1.0.0"]
    for name in ("strasse suite", " Straße Suite", encoded("Straße Suite")):
        assert packages.list(name=name) == ["2.0.0", "1.0.0"]
    assert packages.list(name="strasse") == []
    assert packages.list(namePrefix="STRASSE") == ["4.0.0", "2.0.0", "1.0.0"]
    assert packages.list(namePrefix="straße ") == ["2.0.0", "1.0.0"]
    assert packages.list(tag="urgent") == ["1.0.0"]
    assert packages.list(tag="hr urgent") == ["3.0.0"]
    assert packages.list(packageType="config-package") == ["4.0.0", "3.0.0", "2.0.0", "1.0.0"]
    assert packages.list(packageType="app-package") == []
    assert packages.list(lifecycle="deprecated") == ["4.0.0"]
    assert packages.list(lifecycle="active", namePrefix="s", tag="hr") == ["1.0.0"]
    assert packages.list(name="straße suite", tag="urgent") == ["1.0.0"]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        ("2026-05-28T20:26:41Z", None, "32"),
        ("2026-05-28T20:26:40.999Z", None, "321"),
        ("2026-05-28T22:26:41+02:00", None, "32"),
        (None, "2026-05-28T20:26:43Z", "21"),
        (None, "2026-05-28T20:26:43.001Z", "321"),
        ("2026-05-28T20:26:41Z", "2026-05-28t20:26:43z", "2"),
        ("2026-05-28", "2026-05-29", "321"),
        ("2026-05-29", None, ""),
        ("2026-05-28T20:26:43Z", "2026-05-28T20:26:41Z", ""),
        ("2026-05-28T20:26:42Z", "2026-05-28T20:26:42Z", ""),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "321"),
    ],
)
def test_times_are_exclusive_bounds(packages: Packages, after: str | None, before: str | None, expected: str) -> None:
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        packages.export(version)
    query = {"exportedAfter": after, "exportedBefore": before}

    found = packages.list(**{name: value for name, value in query.items() if value is not None})

    assert found == [f"{digit}.0.0" for digit in expected]
    assert packages.list(name="suite", **{name: value for name, value in query.items() if value is not None}) == found


def test_yanked_packages_are_listed_only_if_asked_for(packages: Packages) -> None:
    ids = [packages.export(f"1.0.{number}") for number in range(3)]
    packages.set_lifecycle(ids[1], "yanked")

    assert packages.list() == ["1.0.2", "1.0.0"]
    assert packages.list(name="Suite") == ["1.0.2", "1.0.0"]
    assert packages.list(lifecycle="yanked") == ["1.0.1"]
    packages.set_lifecycle(ids[1], "active")
    assert packages.list() == ["1.0.2", "1.0.1", "1.0.0"]
    assert packages.list(lifecycle="yanked") == []


@pytest.mark.parametrize("caller", [CALLER, BOTH], ids=["one tenant", "two tenants"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 8, 200])
def test_pages_contain_every_package_once(packages: Packages, limit: int, caller: Caller) -> None:
    for number in range(7):  # several in the same second
        packages.export(f"1.0.{number}", tenant=(TENANT, OTHER_TENANT)[number % 2], after=number // 3)
    expected = packages.list(caller)

    found, sizes = follow(
        lambda **query: packages.api.list_packages(caller, **{"limit": str(limit), **query}), "packages"
    )

    assert found == expected
    assert len(set(found)) == len(found) == (7 if caller is BOTH else 4)
    assert max(sizes) <= limit


@dataclass(frozen=True)
class Entry:
    """A package in the index."""

    second: int
    tenant: int
    name: str
    lifecycle: Lifecycle

    @property
    def exported_at(self) -> str:
        return f"2026-05-28T20:26:4{self.second}Z"

    def matches(self, wanted: PackageFilter) -> bool:
        return (
            (wanted.name is None or self.name.casefold() == wanted.name)
            and (wanted.name_prefix is None or self.name.casefold().startswith(wanted.name_prefix))
            and (self.lifecycle is wanted.lifecycle if wanted.lifecycle else self.lifecycle is not Lifecycle.YANKED)
            and (wanted.exported_after is None or self.exported_at > wanted.exported_after)
        )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example has tenants of its own
@given(
    entries=st.lists(
        st.builds(
            Entry,
            second=st.integers(0, 3),
            tenant=st.integers(0, 1),
            name=st.sampled_from(["Suite", "SUITE", "Another"]),
            lifecycle=st.sampled_from([Lifecycle.ACTIVE, *Lifecycle]),
        ),
        max_size=12,
    ),
    limit=st.integers(1, 5),
    wanted=st.builds(
        PackageFilter,
        name=st.sampled_from([None, "suite"]),
        name_prefix=st.sampled_from([None, "s"]),
        lifecycle=st.sampled_from([None, *Lifecycle]),
        exported_after=st.sampled_from([None, "2026-05-28T20:26:41Z"]),
    ),
    listed=st.sampled_from([(0,), (1,), (0, 1)]),
)
def test_pages_agree_with_a_list_in_memory(
    world: World, entries: list[Entry], limit: int, wanted: PackageFilter, listed: tuple[int, ...]
) -> None:
    tenants = [f"tenant-{uuid.uuid4()}" for _ in range(2)]  # of this example only
    index = PackageIndex(world.dynamodb, world.name("PackageIndexTable"))
    expected = []
    for entry in entries:
        package_id = f"pkg-{uuid.uuid4()}"
        change = LifecycleChange(entry.lifecycle, "reason", None, "2026-06-01T00:00:00Z", "someone")
        package = replace(
            record(),
            tenant=tenants[entry.tenant],
            exported_at=entry.exported_at,
            description=replace(record().description, package_id=package_id, name=entry.name),
            state=LifecycleState().changed(change),
        )
        batch_put(world.dynamodb, index.table, [index_items.version_item(package), index_items.package_item(package)])
        if entry.tenant in listed and entry.matches(wanted):
            expected.append((entry.exported_at, package_id))

    found: list[tuple[str, str]] = []
    cursor = None
    for _ in range(2 * len(entries) + 2):
        page = index.list([tenants[number] for number in listed], wanted, limit, cursor)
        found += [(package.exported_at, package.package_id) for package in page.entries]
        assert len(page.entries) <= limit
        cursor = page.next_cursor
        if cursor is None:
            break

    assert cursor is None, "the list ends"
    assert found == sorted(expected, reverse=True)


@pytest.mark.parametrize("yanked", [0, 3])
def test_a_page_takes_one_request_or_two_if_packages_are_left_out(packages: Packages, wire: Wire, yanked: int) -> None:
    ids = [packages.export(f"1.0.{number}") for number in range(8)]
    for package_id in ids[5 : 5 + yanked]:
        packages.set_lifecycle(package_id, "yanked")
    wire.clear()

    page = packages.list(limit="4")

    assert page == [f"1.0.{number}" for number in range(7 - yanked, 3 - yanked, -1)]
    assert [str(call) for call in wire.calls] == ["Query-1", "Query-2"][: 2 if yanked else 1]


def test_a_package_indexed_by_an_earlier_version_is_listed_once_it_is_indexed_again(
    packages: Packages,
) -> None:
    package_id = packages.export("1.0.0")
    world = packages.world
    table = world.name("PackageIndexTable")
    for item in world.dynamodb.scan(TableName=table)["Items"]:
        key = {name: item[name] for name in ("pk", "sk")}
        world.dynamodb.delete_item(TableName=table, Key=key)
        if item["pk"]["S"].startswith("T#"):
            kept = {name: item[name] for name in ("pk", "sk", "name", "version", "type", "artifacts")}
            world.dynamodb.put_item(TableName=table, Item=kept)

    assert packages.list() == []
    record = world.packages().find(package_id)
    assert record is not None
    assert world.indexer().index(record) == "indexed"
    assert packages.list() == packages.list(name="suite") == ["1.0.0"]


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("value", ["", "~", "~!", "\x00", "x" * 101])
def test_a_bad_filter_is_refused_by_name(packages: Packages, name: str, value: str) -> None:
    query: Any = {name: value}
    response = packages.api.list_packages(**query)

    if response.status == 200:  # control characters are text, which no package contains
        assert name in {"name", "namePrefix", "tag"}
        assert value == "\x00"
        assert response.json["packages"] == []
    else:
        assert (response.status, response.error_code) == (400, "InvalidRequest")
        assert name in response.json["detail"]


@pytest.mark.parametrize(
    "value",
    ["yesterday", "2026", "2026-05", "2026-13-01", "2026-02-30", "2026-05-28T20:26", "2026-05-28T20:26:40", "20260528"],
)
def test_a_bad_time_is_refused(packages: Packages, value: str) -> None:
    response = packages.api.list_packages(exportedAfter=value)

    assert (response.status, response.error_code) == (400, "InvalidRequest")


@pytest.mark.parametrize("limit", ["0", "-1", "201", "ten", "", "1.0", "\N{FULLWIDTH DIGIT FIVE}"])
def test_a_bad_limit_is_refused(packages: Packages, limit: str) -> None:
    for response in (packages.api.list_packages(limit=limit), packages.api.list_versions(name="Suite", limit=limit)):
        assert (response.status, response.error_code) == (400, "InvalidRequest")


def test_all_problems_are_reported_at_once(packages: Packages) -> None:
    problem = packages.api.list_packages(limit="0", lifecycle="gone", exportedAfter="never", packageType="x").problem()

    assert [error.detail.split()[3] for error in problem.errors] == [
        "packageType",
        "lifecycle",
        "exportedAfter",
        "limit",
    ]


def test_a_cursor_belongs_to_its_list_its_filters_and_its_tenants(packages: Packages) -> None:
    for number in range(3):
        packages.export(f"1.0.{number}")
        packages.export(f"1.0.{number}", tenant=OTHER_TENANT)
    cursor = packages.api.list_packages(limit="1").json["nextCursor"]
    of_versions = packages.api.list_versions(name="Suite", limit="1").json["nextCursor"]

    assert packages.list(cursor=cursor) == ["1.0.1", "1.0.0"]
    assert packages.list(cursor=cursor, limit="1") == ["1.0.1"], "the limit may change"
    misused: list[ApiResponse] = [
        packages.api.list_packages(cursor=cursor, tag="hr"),
        packages.api.list_packages(replace(CALLER, tenants=(OTHER_TENANT,)), cursor=cursor),
        packages.api.list_packages(BOTH, cursor=cursor),
        packages.api.list_packages(cursor=of_versions),
        packages.api.list_versions(name="Suite", cursor=cursor),
        packages.api.list_versions(name="Other", cursor=of_versions),
    ]
    for response in misused:
        assert (response.status, response.error_code) == (400, "InvalidCursor")


@pytest.mark.parametrize("position", [[], [""], ["x"], ["2026-05-28T20:26:40Z#pkg-1", "b"], [1], "text", [None]])
def test_a_forged_cursor_is_refused(packages: Packages, position: Any) -> None:  # noqa: ANN401  # what a forger writes
    packages.export("1.0.0")
    in_list = PackageFilter().cursor_scope([TENANT]).encode(position)
    in_versions = CursorScope("versions", TENANT, {"name": "suite"}).encode(position)

    for response in (
        packages.api.list_packages(cursor=in_list),
        packages.api.list_versions(name="Suite", cursor=in_versions),
    ):
        assert (response.status, response.error_code) == (400, "InvalidCursor")


def test_a_forged_cursor_leads_to_no_other_tenant(packages: Packages) -> None:
    packages.export("1.0.0", after=0)
    theirs = packages.export("6.6.6", tenant=OTHER_TENANT, after=5)
    cursor = PackageFilter().cursor_scope([TENANT]).encode([f"2026-05-28T20:26:46Z#{theirs}"])

    assert packages.list(cursor=cursor) == ["1.0.0"]


def test_versions_are_listed_in_the_order_of_precedence(packages: Packages) -> None:
    for version in ("1.0.0-rc.2", "10.0.0", "9.0.0", "1.0.0", "1.0.0-rc.10", "10.0.1-beta+7", "2.0.0+build.1"):
        packages.export(version)
    packages.export("99.0.0", name="Other")
    packages.export("99.0.0", tenant=OTHER_TENANT)

    listed = packages.versions(" SUITE ")

    assert [package.version for package in listed.versions] == [
        *("10.0.1-beta+7", "10.0.0", "9.0.0", "2.0.0+build.1", "1.0.0", "1.0.0-rc.10", "1.0.0-rc.2"),
    ]
    assert (listed.latest, listed.latest_prerelease) == ("10.0.0", "10.0.1-beta+7")


def test_the_latest_version_is_active(packages: Packages) -> None:
    ids = {version: packages.export(version) for version in ("1.0.0", "2.0.0", "3.0.0", "3.1.0-rc.1")}
    packages.set_lifecycle(ids["3.0.0"], "yanked")
    packages.set_lifecycle(ids["2.0.0"], "deprecated")
    packages.set_lifecycle(ids["3.1.0-rc.1"], "yanked")

    listed = packages.versions(limit="1")

    assert [package.version for package in listed.versions] == ["3.1.0-rc.1"]
    assert (listed.latest, listed.latest_prerelease) == ("1.0.0", None), "whatever is on the page"
    states = {package.version: package.lifecycle for package in packages.versions().versions}
    assert states == {"1.0.0": "active", "2.0.0": "deprecated", "3.0.0": "yanked", "3.1.0-rc.1": "yanked"}


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 200])
def test_pages_of_versions_contain_every_version_once(packages: Packages, limit: int) -> None:
    for version in ("1.0.0-a", "1.0.0", "1.10.0", "1.2.0", "1.9.0"):
        packages.export(version)

    found, sizes = follow(
        lambda **query: packages.api.list_versions(**{"name": "Suite", "limit": str(limit), **query}), "versions"
    )

    assert found == ["1.10.0", "1.9.0", "1.2.0", "1.0.0", "1.0.0-a"]
    assert max(sizes) <= limit


def test_an_unknown_name_and_that_of_another_tenant_have_no_versions(packages: Packages) -> None:
    packages.export("1.0.0", name="Theirs", tenant=OTHER_TENANT)
    nothing: Any = {"versions": [], "latest": None, "latestPrerelease": None, "nextCursor": None}

    assert packages.api.list_versions(name="Nothing").json == nothing
    assert packages.api.list_versions(name="Theirs").json == nothing


def test_versions_need_a_name_and_one_tenant(packages: Packages) -> None:
    for response in (
        packages.api.list_versions(name=""),
        packages.api.list_versions(BOTH, name="Suite"),
    ):
        assert (response.status, response.error_code) == (400, "InvalidRequest")


@pytest.mark.parametrize("kind", ["throttled", "unreachable", "failing"])
def test_an_outage_is_503_and_a_missing_permission_500(packages: Packages, wire: Wire, kind: str) -> None:
    sends: tuple[Callable[[], ApiResponse], ...] = (
        packages.api.list_packages,
        lambda: packages.api.list_versions(name="Suite"),
    )
    for send in sends:
        wire.clear()
        wire.fault = Outage(lambda call: call.operation == "Query", kind)
        assert (send().status, send().error_code) == (503, "ServiceUnavailable")
        wire.clear()
        wire.fault = AccessDenied("Query-1")
        assert (send().status) == 500
