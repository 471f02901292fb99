"""Attestations over HTTP, verified with `cryptography` and the published keys alone."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from tests.system.client import TENANT, Api, export_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests


@pytest.fixture(scope="module")
def package_id(api: Api) -> str:
    return str(api.export(export_body("Signed")).json()["packageId"])


def keys_of(api: Api) -> requests.Response:
    return api.call("GET", "/keys", token=None, base="/api/installhub")


def verified(envelope: Mapping[str, Any], keys: Mapping[str, Any]) -> Any:  # noqa: ANN401  # any JSON
    """The statement in an envelope whose signature is right."""
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    (signature,) = envelope["signatures"]
    (jwk,) = [key for key in keys["keys"] if key["kid"] == signature["keyid"]]
    x, y = (int.from_bytes(base64.urlsafe_b64decode(f"{jwk[name]}=")) for name in ("x", "y"))
    key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    key.verify(base64.b64decode(signature["sig"]), signed, ECDSA(SHA256()))
    return json.loads(payload)


def test_the_attestation_of_a_package_is_verified_with_the_published_keys(api: Api, package_id: str) -> None:
    attestation = api.call("GET", f"/{package_id}/attestation")
    bundle = api.call("GET", f"/{package_id}/download").content

    assert attestation.headers["Content-Type"] == "application/vnd.dsse.envelope.v1+json"
    statement = verified(attestation.json(), keys_of(api).json())
    assert statement["subject"][0]["digest"] == {"sha256": hashlib.sha256(bundle).hexdigest()}
    assert statement["predicate"]["tenantDigest"] == hashlib.sha256(TENANT.encode()).hexdigest()
    assert statement["predicate"]["exportedByKind"] == "http"


def test_a_changed_attestation_is_refused(api: Api, package_id: str) -> None:
    envelope, keys = api.call("GET", f"/{package_id}/attestation").json(), keys_of(api).json()
    payload = bytearray(base64.b64decode(envelope["payload"]))
    payload[-20] ^= 1

    with pytest.raises(InvalidSignature):
        verified({**envelope, "payload": base64.b64encode(payload).decode()}, keys)


def test_head_and_a_known_attestation_have_no_body(api: Api, package_id: str) -> None:
    head = api.call("HEAD", f"/{package_id}/attestation")
    known = api.call("GET", f"/{package_id}/attestation", headers={"If-None-Match": head.headers["ETag"]})

    assert (head.status_code, head.content, known.status_code, known.content) == (200, b"", 304, b"")


def test_the_keys_need_no_token_and_may_be_cached(api: Api) -> None:
    keys = keys_of(api)
    head = api.call("HEAD", "/keys", token=None, base="/api/installhub")
    etag = {"If-None-Match": keys.headers["ETag"]}
    known = api.call("GET", "/keys", token=None, base="/api/installhub", headers=etag)

    assert (keys.status_code, head.status_code, known.status_code) == (200, 200, 304)
    assert keys.headers["Cache-Control"] == "public, max-age=3600"
    assert keys.headers["Content-Type"] == "application/jwk-set+json"


def test_an_attestation_needs_a_token(api: Api, package_id: str) -> None:
    assert api.call("GET", f"/{package_id}/attestation", token=None).status_code == 401


def test_simultaneous_exports_are_all_signed(api: Api) -> None:
    with ThreadPoolExecutor(4) as pool:
        exported = list(pool.map(api.export, [export_body(f"Signed {number}") for number in range(8)]))
    keys = keys_of(api).json()

    for package in (response.json()["packageId"] for response in exported):
        envelope = api.call("GET", f"/{package}/attestation").json()
        assert verified(envelope, keys)["predicate"]["packageId"] == package
