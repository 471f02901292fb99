"""`make erase` deletes everything of a tenant and nothing of any other; an interrupted run can be continued."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from installhub.artifacts import items
from installhub.packages import index_items
from operations.audit.stack import audit
from operations.deployment import Deployment
from operations.erase.__main__ import main
from operations.erase.stores import Stores
from tests.integration.support.artifact_inputs import OTHER_TENANT, TENANT, artifact_input, incompressible
from tests.integration.support.drop_stack import line
from tests.integration.support.functions import Functions
from tests.integration.support.plans import UsagePlan, create_usage_plan

if TYPE_CHECKING:
    from tests.integration.support.world import World

TABLES = ("ArtifactsTable", "PackagesTable", "PackageIndexTable", "RequestsTable", "PlansTable")
BUCKETS = ("BundleBucket", "DefinitionBucket", "InboxBucket")


def fill(world: World, plan: UsagePlan, tenant: str) -> None:
    """Give a tenant something of everything: revisions, packages, a pending and a failed request, documents, a key."""
    large = incompressible(20_000)
    world.publish(
        artifact_input("rule", tenant=tenant),
        artifact_input("form", "rule", tenant=tenant),
        artifact_input("app", "form", definition=large, tenant=tenant),
    )
    world.publish(artifact_input("app", "form", definition=incompressible(30_000), tenant=tenant))
    world.s3.put_object(
        Bucket=world.name("DefinitionBucket"), Key=f"{items.download_prefix(tenant)}digest.json", Body=b"{}"
    )
    world.indexer().index(world.export("form", tenant=tenant).record)
    world.indexer().index(world.export("app", version="2.0.0", tenant=tenant).record)
    lease = str(int(world.clock()) + 3600)
    put(world, "PackagesTable", packageId=f"pkg-{tenant}", tenantId=tenant, status="queued", leaseUntil=lease)
    put(world, "RequestsTable", requestId=f"failed:{tenant}", tenantId=tenant, status="failed")
    document = json.dumps({"tenantId": tenant, "artifactIds": ["app"]}).encode()
    for content in (document, document + b" "):
        world.s3.put_object(Bucket=world.name("InboxBucket"), Key=f"requests/{tenant}.json", Body=content)
    world.s3.put_object(Bucket=world.name("InboxBucket"), Key=f"requests/{tenant}.json.result", Body=b"{}")
    for key in ("whole.ndjson", "whole.ndjson.gz"):
        drop(world, f"{tenant}/{key}", tenant, tenant)
        world.s3.put_object(Bucket=world.name("InboxBucket"), Key=f"artifacts/{tenant}/{key}.result", Body=b"{}")
    plan.see(f"tenant:{tenant}")
    plan.provision_new_subjects(Functions(plan.deployment))


def drop(world: World, key: str, *tenants: str) -> None:
    content = b"".join(line("dropped", tenant=tenant) + b"\n" for tenant in tenants)
    packed = gzip.compress(content + b"unreadable\n") if key.endswith(".gz") else content
    world.s3.put_object(Bucket=world.name("InboxBucket"), Key=f"artifacts/{key}", Body=packed)


def put(world: World, table: str, **attributes: str) -> None:
    item: dict[str, Any] = {name: {"N" if value.isdecimal() else "S": value} for name, value in attributes.items()}
    world.dynamodb.put_item(TableName=world.name(table), Item=item)


@pytest.fixture
def plan(world: World, small_items: None) -> UsagePlan:  # noqa: ARG001  # must run first
    plan = create_usage_plan(world)
    for tenant in (TENANT, OTHER_TENANT):
        fill(world, plan, tenant)
    world.s3.put_object(Bucket=world.name("InboxBucket"), Key="requests/broken.json", Body=b"{")
    world.s3.delete_object(Bucket=world.name("InboxBucket"), Key="requests/broken.json")
    return plan


@pytest.fixture
def run(world: World, plan: UsagePlan, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs the command on the world."""

    def command(*options: str, tenant: str = TENANT) -> int:
        with monkeypatch.context() as patched:
            for name, client in {"dynamodb": world.dynamodb, "s3": world.s3, "apigateway": plan.apigateway}.items():
                patched.setattr(Deployment, name, client)
            found = Deployment("the stack", plan.deployment.references)
            patched.setattr("operations.deployment.find", lambda _: found)
            return main(["--tenant", tenant, *options])

    return command


def contents(world: World, plan: UsagePlan) -> list[str]:
    """Return all items, object versions and keys, as text."""
    scanned = [item for table in TABLES for item in world.dynamodb.scan(TableName=world.name(table))["Items"]]
    keys = [(key["name"], key["description"]) for key in plan.apigateway.get_api_keys()["items"]]
    return sorted(map(str, [*scanned, *keys, *objects(world)]))


def objects(world: World) -> Iterator[str]:
    for bucket in BUCKETS:
        versions = world.s3.list_object_versions(Bucket=world.name(bucket))
        for version in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
            yield f"{bucket}/{version['Key']}?{version['VersionId']}"


def of(tenant: str, found: list[str]) -> list[str]:
    index = (
        index_items.membership_prefix(tenant),
        index_items.name_prefix(tenant),
        index_items.tenant_partition(tenant),
    )
    traces = (tenant, items.definition_prefix(tenant), items.download_prefix(tenant), *index)
    return [text for text in found if any(trace in text for trace in traces)]


def test_nothing_of_the_tenant_remains_and_everything_else_does(
    world: World, plan: UsagePlan, run: Callable[..., int]
) -> None:
    before = contents(world, plan)

    assert run("--yes") == 0

    after = contents(world, plan)
    assert of(TENANT, after) == []
    assert of(OTHER_TENANT, after) == of(OTHER_TENANT, before)
    assert len(of(OTHER_TENANT, after)) > 15
    bundles = [text for text in after if text.startswith("BundleBucket")]
    assert len(bundles) == 2, "the two packages of the other tenant"
    report = audit(world.dynamodb, world.s3, world.kms, world.outputs, clock=world.clock)
    assert report.findings == []


def test_a_dropped_file_with_lines_of_other_tenants_is_kept_and_reported(
    world: World, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    drop(world, "shared.ndjson", TENANT, OTHER_TENANT)
    drop(world, "foreign.ndjson.gz", OTHER_TENANT)

    assert run("--yes") == 0

    assert "lines of other tenants: artifacts/shared.ndjson\n" in capsys.readouterr().out
    kept = [text.partition("?")[0] for text in objects(world) if text.startswith("InboxBucket/artifacts/")]
    assert {f"InboxBucket/artifacts/{name}" for name in ("shared.ndjson", "foreign.ndjson.gz")} <= set(kept)
    assert not [text for text in kept if TENANT in text]


def test_the_key_of_a_tenant_of_the_first_release_is_found_by_its_name(
    world: World, plan: UsagePlan, run: Callable[..., int]
) -> None:
    world.dynamodb.update_item(
        TableName=world.name("PlansTable"),
        Key={"customer": {"S": f"tenant:{TENANT}"}},
        UpdateExpression="REMOVE keyId",
    )

    assert run("--yes") == 0

    assert [key["description"] for key in plan.apigateway.get_api_keys()["items"]] == [f"tenant:{OTHER_TENANT}"]


def test_an_unknown_tenant_is_reported_and_nothing_changes(
    world: World, plan: UsagePlan, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(world, plan)

    assert run("--yes", tenant=f"{TENANT}x") == 1
    assert run("--yes", tenant=TENANT[:-1]) == 1

    assert "has nothing of the tenant" in capsys.readouterr().err
    assert contents(world, plan) == before


def test_a_dry_run_only_counts(
    world: World, plan: UsagePlan, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(world, plan)

    assert run("--dry-run") == 0

    counted = dict(line.split(maxsplit=1)[::-1] for line in capsys.readouterr().out.splitlines()[1:])
    assert counted == {
        "definition objects": "2",
        "unpacked definitions": "1",
        "items of artifacts": "8",
        "bundles": "2",
        "packages": "3",
        "items of the package index": "9",
        "failed requests": "1",
        "inbox documents": "3",
        "dropped files": "4",
        "usage-plan keys": "1",
        "usage subjects": "1",
    }
    assert contents(world, plan) == before


def test_it_asks_for_the_tenants_id(
    world: World, plan: UsagePlan, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([None, "", "yes", TENANT])

    def ask(*_: Any, **__: Any) -> str:  # noqa: ANN401
        answer = next(answers)
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr("operations.erase.__main__.Prompt.ask", ask)
    before = contents(world, plan)

    assert [run(), run(), run()] == [1, 1, 1]
    assert contents(world, plan) == before
    assert run() == 0
    assert of(TENANT, contents(world, plan)) == []


def test_a_package_that_is_indexed_while_its_tenant_is_erased_leaves_nothing(
    world: World, plan: UsagePlan, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    exported, find_packages = world.export("form", version="3.0.0"), Stores._packages

    def index_then_find_packages(stores: Stores, tenant: str) -> Iterator[Any]:
        if not world.indexer().is_indexed(exported.record):
            world.indexer().index(exported.record)
        return find_packages(stores, tenant)

    monkeypatch.setattr("operations.erase.__main__.count", lambda *_: Counter(everything=1))
    monkeypatch.setattr(Stores, "_packages", index_then_find_packages)

    assert run("--yes") == 0
    assert of(TENANT, contents(world, plan)) == []


@pytest.mark.parametrize("steps", range(1, 12))
def test_an_interrupted_run_is_continued(
    world: World, plan: UsagePlan, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    find = Stores.find

    def interrupted_find(stores: Stores, tenant: str) -> Iterator[Any]:
        for number, found in enumerate(find(stores, tenant)):
            if number == steps:
                raise KeyboardInterrupt
            yield found

    monkeypatch.setattr("operations.erase.__main__.count", lambda *_: Counter(everything=1))
    with monkeypatch.context() as interruption:
        interruption.setattr(Stores, "find", interrupted_find)
        with pytest.raises(KeyboardInterrupt):
            run("--yes")

    assert run("--yes") == 0

    after = contents(world, plan)
    assert of(TENANT, after) == []
    assert len([text for text in after if text.startswith("BundleBucket")]) == 2, "those of the other tenant"
