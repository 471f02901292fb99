"""`make verify-packages` verifies what the hub stored, and names every package that is not right."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from installhub.verification.bundle import verify_bundle
from installhub.verification.limits import Limits
from operations.deployment import Deployment
from operations.verify_packages import PackageVerification, main
from tests.forged_bundles import sample_bundle
from tests.integration.support.artifact_inputs import artifact_input, incompressible
from tests.unit.verification.signing import attestation_of, trusted

if TYPE_CHECKING:
    from installhub.exports.commands import ExportedPackage
    from installhub.packages.records import PackageRecord
    from tests.integration.support.world import World


@pytest.fixture
def packages(world: World) -> list[ExportedPackage]:
    world.publish(artifact_input("rule"), artifact_input("form", "rule", definition=incompressible(20_000)))
    return [world.export("rule"), world.export("form", version="2.0.0-rc.1")]


@pytest.fixture
def deployed(world: World, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setattr(Deployment, "dynamodb", world.dynamodb)
    monkeypatch.setattr(Deployment, "s3", world.s3)
    monkeypatch.setattr(Deployment, "kms", world.kms)
    found = Deployment("the stack", world.outputs, {"MaxArtifacts": "70000"})
    monkeypatch.setattr("operations.deployment.find", lambda _: found)
    return found


@pytest.fixture
def store(world: World) -> Callable[[PackageRecord, bytes], None]:
    """Return a function that replaces a bundle."""

    def put(record: PackageRecord, content: bytes) -> None:
        world.s3.put_object(Bucket=world.name("BundleBucket"), Key=record.bundle_key, Body=content)

    return put


@pytest.mark.usefixtures("packages", "deployed")
def test_what_the_hub_exports_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == "2 of 2 packages of the stack are right.\n"


@pytest.mark.usefixtures("deployed")
def test_a_package_that_is_not_right_is_named_with_the_reason(
    world: World,
    packages: list[ExportedPackage],
    store: Callable[[PackageRecord, bytes], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = (exported.record for exported in packages)
    store(first, world.bundles().read(first.bundle_key) + b"\0")
    world.s3.delete_object(Bucket=world.name("BundleBucket"), Key=second.bundle_key)

    assert main([]) == 1

    output = capsys.readouterr().out
    assert f"{first.description.package_id}: TrailingBytes: there is something after the end record\n" in output
    assert f"{second.description.package_id}: its bundle does not exist\n" in output
    assert output.endswith("0 of 2 packages of the stack are right.\n")


@pytest.mark.usefixtures("deployed")
def test_the_bundle_of_another_package_is_refused(
    packages: list[ExportedPackage],
    store: Callable[[PackageRecord, bytes], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    store(packages[0].record, sample_bundle())

    assert main([]) == 1
    assert "its bundle has another checksum\n" in capsys.readouterr().out


def test_a_record_that_describes_another_package_is_refused(
    world: World, packages: list[ExportedPackage], deployed: Deployment
) -> None:
    world.dynamodb.update_item(
        TableName=world.name("PackagesTable"),
        Key={"packageId": {"S": packages[0].record.description.package_id}},
        UpdateExpression="SET version = :version",
        ExpressionAttributeValues={":version": {"S": "9.9.9"}},
    )
    verification = PackageVerification.of(deployed)
    verification.run(lambda _: None)

    assert [failure.partition(": ")[2] for failure in verification.failures] == [
        "its manifest describes another package"
    ]


def test_attestations_are_verified_where_there_are_any(
    world: World, packages: list[ExportedPackage], deployed: Deployment
) -> None:
    envelopes = {
        exported.record.description.package_id: attestation_of(
            verify_bundle(io.BytesIO(world.bundles().read(exported.record.bundle_key)))
        )
        for exported in packages
    }
    first, second = envelopes
    forged = json.loads(envelopes[second])
    forged["signatures"][0]["sig"] = json.loads(envelopes[first])["signatures"][0]["sig"]
    envelopes[second] = json.dumps(forged).encode()
    verification = PackageVerification.of(deployed)
    verification.attestation_of = lambda record: envelopes.get(record.description.package_id)
    verification.keys = trusted()

    assert verification.run(lambda _: None) == 2
    assert verification.failures == [f"{second}: SignatureWrong: signatures/0"]


def test_the_limits_are_those_of_the_stack(deployed: Deployment) -> None:
    assert PackageVerification.of(deployed).limits == Limits(entries=70_001)
