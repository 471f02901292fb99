"""Attestations of packages, and the keys that verify them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from installhub.contract.attestation_models import Envelope, KeySet
from installhub.model.errors import ServiceUnavailableError
from installhub.verification.envelope import verify_envelope
from installhub.verification.reasons import VerificationError
from tests.builders import make_caller
from tests.integration.support.api import Api
from tests.integration.support.artifact_inputs import TENANT, artifact_input
from tests.integration.support.functions import Functions
from tests.integration.support.wire import ConcurrentAction, NoFault, Outage
from tests.integration.support.world import create_signing_key
from tests.template import Deployment

if TYPE_CHECKING:
    from tests.integration.support.api import ApiResponse
    from tests.integration.support.wire import Wire
    from tests.integration.support.world import World


@pytest.fixture
def package(api: Api) -> str:
    return api.export().package().package_id


def statement_of(envelope: ApiResponse, keys: ApiResponse) -> Any:  # noqa: ANN401  # any JSON
    """The statement in an attestation, verified with the published keys and `cryptography` alone."""
    assert envelope.headers["Content-Type"] == "application/vnd.dsse.envelope.v1+json"
    fields = Envelope.model_validate_json(envelope.body)
    payload = base64.b64decode(fields.payload, validate=True)
    (signature,) = fields.signatures
    (jwk,) = [key for key in KeySet.model_validate_json(keys.body).keys if key.kid == signature.keyid]
    x, y = (int.from_bytes(base64.urlsafe_b64decode(f"{number}=")) for number in (jwk.x, jwk.y))
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
    key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    key.verify(base64.b64decode(signature.sig), signed, ECDSA(SHA256()))
    return json.loads(payload)


def rotated(world: World) -> World:
    """The stack after its signing key was replaced."""
    new = {"SigningKey.Arn": create_signing_key(world.kms)}
    return replace(world, deployment=Deployment(world.deployment.references, new))


def test_an_attestation_describes_the_bundle(api: Api, package: str) -> None:
    statement = statement_of(api.get_attestation(package), api.get_keys())

    bundle = api.download(package)
    (subject,) = statement["subject"]
    assert subject["digest"] == {"sha256": hashlib.sha256(bundle.body).hexdigest()}
    assert f'filename="{subject["name"]}"' in bundle.headers["Content-Disposition"]
    manifest = api.get_package(package).json["manifest"]
    predicate = statement["predicate"]
    assert (predicate["packageId"], predicate["name"], predicate["version"]) == (
        package,
        manifest["name"],
        manifest["version"],
    )
    assert predicate["tenantDigest"] == hashlib.sha256(TENANT.encode()).hexdigest()
    assert [(item["name"], item["digest"]["sha256"]) for item in predicate["materials"]] == [
        (artifact["path"], artifact["sha256"]) for artifact in manifest["artifacts"]
    ]


def test_what_is_built_again_is_byte_for_byte_what_was_signed(
    sample_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[bytes] = []
    sign = sample_world.kms.sign

    def record(**request: Any) -> Any:  # noqa: ANN401  # the request and response of KMS
        signed.append(request["Message"])
        return sign(**request)

    monkeypatch.setattr(sample_world.kms, "sign", record)
    package_id = sample_world.export("conf-701", name="Größe 漢").record.description.package_id

    fields = Api(Functions(sample_world.deployment)).get_attestation(package_id).json

    payload = base64.b64decode(fields["payload"])
    encoded = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
    assert signed == [hashlib.sha256(encoded).digest()]


def test_any_flipped_bit_is_noticed(api: Api, package: str) -> None:
    fields = api.get_attestation(package).json
    keys = {key["kid"]: key for key in api.get_keys().json["keys"]}
    assert verify_envelope(json.dumps(fields).encode(), keys)
    payload = base64.b64decode(fields["payload"])
    for place in range(0, len(payload) * 8, 97):
        changed = bytearray(payload)
        changed[place // 8] ^= 1 << place % 8
        forged = {**fields, "payload": base64.b64encode(changed).decode()}
        with pytest.raises(VerificationError):
            verify_envelope(json.dumps(forged).encode(), keys)


def test_a_client_that_has_the_attestation_gets_a_304_without_reading_the_bundle(
    api: Api, package: str, wire: Wire
) -> None:
    first = api.get_attestation(package)
    wire.clear()

    second = api.get_attestation(package, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.headers["Cache-Control"], second.status, second.body) == ("private, no-cache", 304, b"")
    assert wire.count("GetObject") == 0


def test_another_tenants_attestation_does_not_exist(api: Api, package: str) -> None:
    other = api.get_attestation(package, caller=make_caller("tenant-2c8e4d01"))
    unknown = api.get_attestation("pkg-00000000-0000-5000-8000-000000000000")

    assert (other.status, other.json["errors"]) == (unknown.status, unknown.json["errors"])
    assert other.error_code == "PackageNotFound"


def test_a_package_without_a_signature_says_what_to_do(api: Api, package: str, sample_world: World) -> None:
    remove_signature(sample_world, package)

    response = api.get_attestation(package)

    assert (response.status, response.error_code) == (404, "AttestationNotFound")
    assert "make sign-packages" in response.json["detail"]
    assert api.get_package(package).status == api.download(package).status == 200


def remove_signature(world: World, package_id: str) -> None:
    """Make a package one of an earlier version."""
    world.dynamodb.update_item(
        TableName=world.name("PackagesTable"),
        Key={"packageId": {"S": package_id}},
        UpdateExpression="REMOVE signature",
    )


def test_keys_are_cacheable_and_the_same_for_everybody(api: Api, package: str) -> None:
    before = api.get_keys()
    api.get_attestation(package)
    after = api.get_keys(headers={"If-None-Match": before.headers["ETag"]})

    assert before.headers["Cache-Control"] == "public, max-age=3600"
    assert (after.status, after.body) == (304, b"")


def test_an_export_calls_kms_once_and_nothing_else_for_its_signature(api: Api, wire: Wire) -> None:
    api.export()

    calls = [call.operation for call in wire.calls]
    assert calls.count("Sign") == 1
    assert {"GetPublicKey", "Scan", "PutItem"}.isdisjoint(calls)


def test_a_known_key_is_read_from_the_table(api: Api, package: str, wire: Wire) -> None:
    api.get_attestation(package)
    wire.clear()

    api.get_attestation(package)
    api.get_keys()

    assert wire.count("GetPublicKey") == 0


def test_packages_of_a_former_key_stay_verifiable(sample_world: World) -> None:
    old_api = Api(Functions(sample_world.deployment))
    old = old_api.export().package().package_id
    sample_world.signing_keys().register_current()  # as the sweep does
    new_world = rotated(sample_world)
    new_api = Api(Functions(new_world.deployment))
    body = {"tenantId": TENANT, "packageName": "New", "packageType": "workflow-package", "version": "1.0.0"}
    new = new_api.export({**body, "artifactIds": ["proc-1001"]}).package().package_id
    sample_world.kms.schedule_key_deletion(KeyId=sample_world.signer().key.rpartition("/")[2])

    keys = new_api.get_keys()

    assert len(keys.json["keys"]) == 2
    assert statement_of(new_api.get_attestation(old), keys)["predicate"]["packageId"] == old
    assert statement_of(new_api.get_attestation(new), keys)["predicate"]["packageId"] == new


def test_a_signature_of_another_key_is_refused(api: Api, package: str, sample_world: World) -> None:
    other = rotated(sample_world).signing_keys().jwks()[-1]
    envelope = api.get_attestation(package)
    kid = envelope.json["signatures"][0]["keyid"]
    forged = replace(api.get_keys(), body=json.dumps({"keys": [{**other, "kid": kid}]}).encode())

    with pytest.raises(InvalidSignature):
        statement_of(envelope, forged)


def test_several_readers_at_once_store_a_key_once(world: World) -> None:
    barrier = threading.Barrier(4)
    kids: list[str] = []

    def read() -> None:
        barrier.wait()
        kids.append(world.signing_keys().kid(world.signer().key))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(kids)) == 1
    assert world.dynamodb.scan(TableName=world.name("SigningKeysTable"))["Count"] == 1


def test_the_sweep_lists_the_key(world: World, functions: Functions) -> None:
    functions.invoke("sweep", {})

    (item,) = world.dynamodb.scan(TableName=world.name("SigningKeysTable"))["Items"]
    assert item["keyArn"] == {"S": world.signer().key}


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("kind", ["throttled", "failing", "unreachable"])
@pytest.mark.parametrize("operation", ["Query", "GetObject", "GetItem", "GetPublicKey", "PutItem"])
def test_an_attestation_that_a_service_fails_is_unavailable(
    api: Api, package: str, wire: Wire, operation: str, kind: str
) -> None:
    wire.clear()
    wire.fault = Outage(lambda call: call.operation == operation, kind)

    response = api.get_attestation(package)

    assert (response.status, response.error_code) == (503, "ServiceUnavailable")
    wire.fault = NoFault()
    assert api.get_attestation(package).status == 200


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("operation", ["Scan", "GetPublicKey"])
def test_keys_that_cannot_be_read_are_unavailable(api: Api, wire: Wire, operation: str) -> None:
    wire.fault = Outage(lambda call: call.operation == operation, "failing")

    assert api.get_keys().error_code == "ServiceUnavailable"


def test_no_unsigned_package_is_ever_visible(world: World, wire: Wire) -> None:
    world.publish(artifact_input("rule"))
    wire.clear()
    seen: list[tuple[str, bool]] = []
    other = world.with_other_clients()

    def look() -> None:
        items = other.dynamodb.scan(TableName=world.name("PackagesTable"))["Items"]
        seen.extend((item["status"]["S"], "signature" in item) for item in items)

    wire.fault = ConcurrentAction(lambda _: True, look)
    world.export("rule")
    wire.fault = NoFault()
    look()

    assert ("exporting", False) in seen
    assert ("exported", True) in seen
    assert ("exported", False) not in seen


@pytest.mark.usefixtures("no_waiting")
def test_without_kms_nothing_is_exported(world: World, wire: Wire) -> None:
    world.publish(artifact_input("rule"))
    wire.clear()
    wire.fault = Outage(lambda call: call.service == "kms", "unreachable")

    with pytest.raises(ServiceUnavailableError):
        world.export("rule")

    assert wire.attempts["Sign-1"] == 3
    assert (world.package_statuses(), world.objects()) == ({}, [])
