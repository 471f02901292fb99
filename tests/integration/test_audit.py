"""The audit detects every kind of injected corruption and reports nothing for an intact stack."""

from __future__ import annotations

import datetime as dt
import io
import re
import time
import zipfile
from typing import TYPE_CHECKING, Any, cast

import pytest

from installhub.artifacts import items
from installhub.packages import records
from operations.audit.buckets import audit_uploads
from operations.audit.findings import FindingKind, Report
from operations.audit.index import IndexAudit
from operations.audit.stack import audit
from tests.integration.support.artifact_inputs import TENANT, artifact_input, incompressible
from tests.integration.support.indexing import delete_package, index_items
from tests.integration.test_sweep import export_without_commit

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from installhub.exports.commands import ExportedPackage
    from tests.integration.support.world import World

NO_GRACE = dt.timedelta(0)


def run_audit(world: World, grace: dt.timedelta = NO_GRACE) -> Report:
    other = world.with_other_clients()
    return audit(other.dynamodb, other.s3, other.kms, world.outputs, grace=grace, clock=world.clock)


def kinds(report: Report) -> list[FindingKind]:
    return [finding.kind for finding in report.findings]


@pytest.fixture
def exported(world: World, small_items: None) -> ExportedPackage:  # noqa: ARG001  # must run first
    world.publish(
        artifact_input("rule"),
        artifact_input("form", "rule"),
        artifact_input("app", "form", definition=incompressible(20_000)),
    )
    exported = world.export("form", "app")
    world.indexer().index(exported.record)
    return exported


@pytest.fixture
def change(world: World, exported: ExportedPackage) -> Callable[..., None]:
    """Return a function that sets an attribute of the package; None removes it."""

    def change_attribute(name: str, value: Any) -> None:  # noqa: ANN401  # a DynamoDB value
        table, key = world.name("PackagesTable"), {"packageId": {"S": exported.record.description.package_id}}
        item = world.dynamodb.get_item(TableName=table, Key=key)["Item"]
        changed = {**item, name: value}
        world.dynamodb.put_item(TableName=table, Item={name: value for name, value in changed.items() if value})

    return change_attribute


def replace_bundle(world: World, exported: ExportedPackage, content: bytes) -> None:
    world.s3.put_object(Bucket=world.name("BundleBucket"), Key=exported.record.bundle_key, Body=content)


def bundle_of(world: World, exported: ExportedPackage) -> bytes:
    return world.s3.get_object(Bucket=world.name("BundleBucket"), Key=exported.record.bundle_key)["Body"].read()


def rewrite_bundle(bundle: bytes, **entries: bytes) -> bytes:
    """Return a valid ZIP with the content of some entries replaced."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, entries.get(name.rpartition("/")[2].partition(".")[0], old.read(name)))
    return output.getvalue()


@pytest.mark.usefixtures("exported")
def test_nothing_is_found_in_an_intact_stack(world: World) -> None:
    report = run_audit(world)

    assert report.findings == []
    assert report.checked == {
        "bundle objects": 1,
        "exported packages": 1,
        "signatures": 1,
        "items of the package index": 5,
        "artifacts": 3,
        "definitions": 3,
        "definition objects": 1,
    }


@pytest.mark.usefixtures("small_items")
def test_nothing_is_found_while_artifacts_are_edited_and_an_export_is_under_way(world: World) -> None:
    for revision in range(3):
        world.publish(
            artifact_input("app", definition=incompressible(20_000 + revision)),
            artifact_input("rule", definition=revision),
        )
    export_without_commit(world, "pkg-1", int(time.time()) + 10)

    assert run_audit(world).findings == []


@pytest.mark.parametrize("attribute", ["checksum", "bundleKey", "name", "tenantId"])
def test_an_incomplete_record_is_found_as_half_a_package(
    world: World, change: Callable[..., None], attribute: str
) -> None:
    change(attribute, None)

    assert FindingKind.INCOMPLETE_PACKAGE in kinds(run_audit(world))


def test_a_package_without_bundle_is_found(world: World, exported: ExportedPackage) -> None:
    world.s3.delete_object(Bucket=world.name("BundleBucket"), Key=exported.record.bundle_key)

    (finding,) = run_audit(world).findings
    assert finding.kind is FindingKind.INCOMPLETE_PACKAGE
    assert exported.record.bundle_key in finding.detail


def test_an_unknown_status_is_found(world: World, change: Callable[..., None]) -> None:
    change("status", {"S": "nearly"})

    assert kinds(run_audit(world)) == [FindingKind.INCOMPLETE_PACKAGE, FindingKind.ORPHAN_BUNDLE]


def test_a_bundle_without_a_package_is_found(world: World) -> None:
    world.s3.put_object(Bucket=world.name("BundleBucket"), Key="bundles/pkg-1/gone.zip", Body=b"a bundle")

    assert kinds(run_audit(world)) == [FindingKind.ORPHAN_BUNDLE]


def test_an_expired_claim_is_found_until_the_sweep(world: World) -> None:
    export_without_commit(world, "pkg-1", int(time.time()) - 10)
    assert kinds(run_audit(world)) == [FindingKind.EXPIRED_CLAIM]

    world.sweeper().sweep()

    assert run_audit(world).findings == []


def test_an_accepted_export_that_never_ends_is_found(world: World, change: Callable[..., None]) -> None:
    change("status", {"S": "queued"})
    change("leaseUntil", {"N": "100"})

    assert FindingKind.EXPIRED_CLAIM in kinds(run_audit(world))


def test_a_wrong_checksum_is_found(world: World, change: Callable[..., None]) -> None:
    change("checksum", {"S": f"sha256:{'0' * 64}"})

    assert kinds(run_audit(world)) == [
        *(FindingKind.WRONG_CHECKSUM, FindingKind.UNINDEXED_PACKAGE, FindingKind.WRONG_SIGNATURE)
    ]


def test_a_truncated_bundle_is_found(world: World, exported: ExportedPackage) -> None:
    replace_bundle(world, exported, bundle_of(world, exported)[:-30])

    assert kinds(run_audit(world)) == [FindingKind.WRONG_CHECKSUM, FindingKind.WRONG_BUNDLE]


def test_a_bundle_that_mixes_revisions_is_found(world: World, exported: ExportedPackage) -> None:
    replace_bundle(world, exported, rewrite_bundle(bundle_of(world, exported), rule=b'{"another":"revision"}'))

    details = [finding.detail for finding in run_audit(world).findings if finding.kind is FindingKind.WRONG_BUNDLE]
    assert any("rule.json does not match the manifest" in detail for detail in details)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (b'"name": "Made up"', b'"name": "Made it"', "the manifest's name"),
        (b'"installOrder": ["rule", "form"', b'"installOrder": ["form", "rule"', "the install order"),
        (b'"dependencies": []', b'"dependencies": ["later"]', "is not after its dependency later"),
        (b'"rootArtifacts": ["app"', b'"rootArtifacts": ["APP"', "the root APP is missing"),
        (b'/form.json"', b'/FORM.json"', "the entries are not those of the manifest"),
        (b'"artifacts"', b'"artefacts"', "cannot be read"),
    ],
)
def test_a_wrong_manifest_is_found(world: World, exported: ExportedPackage, old: bytes, new: bytes, text: str) -> None:
    bundle = bundle_of(world, exported)
    manifest = zipfile.ZipFile(io.BytesIO(bundle)).read("manifest.json")
    assert old in manifest

    replace_bundle(world, exported, rewrite_bundle(bundle, manifest=manifest.replace(old, new, 1)))

    details = [finding.detail for finding in run_audit(world).findings if finding.kind is FindingKind.WRONG_BUNDLE]
    assert any(text in detail for detail in details), details


def test_a_wrong_artifact_count_is_found(world: World, change: Callable[..., None]) -> None:
    change("artifactCount", {"N": "4"})

    (finding,) = run_audit(world).findings
    assert (finding.kind, "record 4" in finding.detail) == (FindingKind.WRONG_BUNDLE, True)


def test_a_misplaced_manifest_is_found(world: World, change: Callable[..., None]) -> None:
    change("manifestSize", {"N": "4"})

    assert [finding.detail for finding in run_audit(world).findings] == [
        "the manifest is not at the location in the record"
    ]


def body_keys(world: World) -> list[dict[str, Any]]:
    items = world.dynamodb.scan(TableName=world.name("ArtifactsTable"))["Items"]
    return [{"pk": item["pk"], "sk": item["sk"]} for item in items if item["sk"]["S"].startswith("B#")]


@pytest.mark.usefixtures("exported")
def test_an_artifact_without_its_definition_is_found(world: World) -> None:
    world.publish(artifact_input("lonely"))
    before = body_keys(world)
    world.publish(artifact_input("lonely", definition="another"))
    (new,) = [key for key in body_keys(world) if key not in before]
    world.dynamodb.delete_item(TableName=world.name("ArtifactsTable"), Key=new)

    (finding,) = run_audit(world).findings
    assert (finding.kind, finding.location) == (FindingKind.MISSING_DEFINITION, f"T#{TENANT} E#=lonely")


@pytest.mark.usefixtures("exported")
def test_a_definition_that_does_not_match_its_digest_is_found(world: World) -> None:
    key = body_keys(world)[0]
    table = world.name("ArtifactsTable")
    other = next(
        item for item in world.dynamodb.scan(TableName=table)["Items"] if "data" in item and item["sk"] != key["sk"]
    )
    world.dynamodb.put_item(TableName=table, Item={**other, **key})

    assert kinds(run_audit(world)) == [FindingKind.WRONG_DEFINITION] + [FindingKind.ORPHAN_DEFINITION] * (
        len(kinds(run_audit(world))) - 1
    )


@pytest.mark.usefixtures("exported")
def test_definitions_in_the_bucket_are_audited(world: World) -> None:
    bucket, s3 = world.name("DefinitionBucket"), world.s3
    (entry,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    whole = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()

    s3.put_object(Bucket=bucket, Key=entry["Key"], Body=whole[:-1])
    assert kinds(run_audit(world)) == [FindingKind.WRONG_DEFINITION]
    s3.put_object(Bucket=bucket, Key=entry["Key"], Body=b"\xff\xff")
    assert kinds(run_audit(world)) == [FindingKind.WRONG_DEFINITION]
    s3.delete_object(Bucket=bucket, Key=entry["Key"])
    assert kinds(run_audit(world)) == [FindingKind.MISSING_DEFINITION]


def test_an_orphaned_definition_object_is_found(world: World) -> None:
    bucket = world.name("DefinitionBucket")
    world.s3.put_object(Bucket=bucket, Key="definitions/left", Body=b"x")

    assert kinds(run_audit(world)) == [FindingKind.ORPHAN_DEFINITION]
    assert run_audit(world, dt.timedelta(hours=1)).findings == [], "within the grace period"


def test_an_unpacked_definition_for_a_download_is_not_an_orphan(world: World) -> None:
    key = f"{items.download_prefix(TENANT)}digest.json"
    world.s3.put_object(Bucket=world.name("DefinitionBucket"), Key=key, Body=b"{}")

    assert run_audit(world).findings == []


def test_an_upload_that_is_never_completed_is_found(world: World) -> None:
    class Uploads:
        """Replaces moto, in which all uploads start in 2010."""

        age = dt.timedelta(hours=47)

        def get_paginator(self, _operation: str) -> Uploads:
            return self

        def paginate(self, **_request: str) -> list[dict[str, Any]]:
            return [{"Uploads": [{"Key": "half", "Initiated": dt.datetime.now(tz=dt.UTC) - self.age}]}]

    report = Report()
    audit_uploads(cast("S3Client", Uploads()), "bucket", report)
    assert report.findings == []
    world.s3.create_multipart_upload(Bucket=world.name("BundleBucket"), Key="bundles/pkg-1/half.zip")

    assert kinds(run_audit(world)) == [FindingKind.UNFINISHED_UPLOAD]


@pytest.fixture
def change_index(world: World, exported: ExportedPackage) -> Callable[..., None]:  # noqa: ARG001  # must run first
    """Return a function that changes the index item of `rule`, or another one; without changes, deletes it."""

    def change_item(partition: str = r"A#.*#rule", **changes: Any) -> None:  # noqa: ANN401  # DynamoDB values
        table = world.name("PackageIndexTable")
        (item,) = [one for one in index_items(world) if re.fullmatch(partition, one["pk"]["S"])]
        world.dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
        if changes:
            world.dynamodb.put_item(TableName=table, Item={**item, **changes})

    return change_item


def test_a_package_that_is_not_indexed_is_found(world: World) -> None:
    world.publish(artifact_input("rule"))
    exported = world.export("rule")

    (finding,) = run_audit(world).findings
    assert (finding.kind, finding.location) == (
        FindingKind.UNINDEXED_PACKAGE,
        exported.record.description.package_id,
    )
    assert run_audit(world, dt.timedelta(hours=1)).findings == [], "within the grace period"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sha256": {"B": b"\0" * 32}},
        {"name": {"S": "Another"}},
        {"version": {"S": "9.9.9"}},
        {"type": {"S": "workflow-package"}},
    ],
)
def test_a_missing_or_wrong_index_item_is_found(
    world: World, change_index: Callable[..., None], changes: dict[str, Any]
) -> None:
    change_index(**changes)

    (finding,) = run_audit(world).findings
    assert (finding.kind, "1 of its 5 items" in finding.detail) == (FindingKind.UNINDEXED_PACKAGE, True)


@pytest.mark.parametrize("partition", ["T#.*", "N#.*"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": {"S": "Another"}},
        {"normalized": {"S": "another"}},
        {"tenant": {"S": "tenant-other"}},
        {"checksum": {"B": b"\0" * 32}},
        {"size": {"N": "1"}},
        {"tags": {"L": [{"S": "urgent"}]}},
        {"lifecycle": {"S": "yanked"}},
    ],
)
def test_a_missing_or_wrong_item_of_a_list_is_found(
    world: World, change_index: Callable[..., None], partition: str, changes: dict[str, Any]
) -> None:
    change_index(partition, **changes)

    (finding,) = run_audit(world).findings
    assert (finding.kind, "1 of its 5 items" in finding.detail) == (FindingKind.UNINDEXED_PACKAGE, True)


def test_a_lifecycle_that_changes_during_the_audit_is_no_finding(
    world: World, change_index: Callable[..., None]
) -> None:
    change_index("T#.*", lifecycle={"S": "deprecated"}, revision={"N": "1"})

    assert run_audit(world).findings == []


def test_index_items_of_a_package_that_does_not_exist_are_found(world: World, exported: ExportedPackage) -> None:
    delete_package(world, exported)

    (finding,) = run_audit(world).findings
    assert (finding.kind, "5 items, 0 expected" in finding.detail) == (FindingKind.ORPHAN_INDEX_ITEM, True)


def test_index_items_of_artifacts_that_are_not_in_the_package_are_found(
    world: World, change_index: Callable[..., None], exported: ExportedPackage
) -> None:
    change_index(pk={"S": "A#of nothing"})

    assert kinds(run_audit(world)) == [FindingKind.UNINDEXED_PACKAGE]
    world.indexer().index(exported.record, again=True)
    (finding,) = run_audit(world).findings
    assert (finding.kind, "6 items, 5 expected" in finding.detail) == (FindingKind.ORPHAN_INDEX_ITEM, True)


@pytest.mark.usefixtures("exported")
def test_a_package_that_is_exported_and_indexed_during_the_audit_is_no_finding(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_index_audit = IndexAudit.run

    def run_after_another_export(index: IndexAudit) -> None:
        world.indexer().index(world.export("form", version="2.0.0").record)
        run_index_audit(index)

    monkeypatch.setattr(IndexAudit, "run", run_after_another_export)

    assert run_audit(world).findings == []


@pytest.mark.usefixtures("exported")
def test_a_package_without_a_signature_is_found(world: World, change: Callable[..., None]) -> None:
    change("signature", None)

    assert kinds(run_audit(world)) == [FindingKind.UNSIGNED_PACKAGE]


@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("value", {"S": "MEUCIQ=="}),
        ("key", {"S": "arn:aws:kms:us-east-1:123456789012:key/unknown"}),
        ("hubVersion", {"S": "9.9.9"}),
    ],
)
def test_a_wrong_signature_is_found(
    world: World, exported: ExportedPackage, change: Callable[..., None], name: str, value: dict[str, str]
) -> None:
    signature = exported.record.signature
    assert signature is not None
    stored = dict(records.signature_attribute(signature)["M"])
    change("signature", {"M": {**stored, name: value}})

    assert kinds(run_audit(world)) == [FindingKind.WRONG_SIGNATURE]


def test_a_signature_of_another_package_is_found(
    world: World, exported: ExportedPackage, change: Callable[..., None]
) -> None:
    other = world.export("rule", version="2.0.0").record
    world.indexer().index(other)
    assert other.signature is not None
    change("signature", records.signature_attribute(other.signature))

    (finding,) = run_audit(world).findings
    assert finding.kind is FindingKind.WRONG_SIGNATURE
    assert exported.record.description.package_id in finding.location
