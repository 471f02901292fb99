"""Responses with attestations fit into a Lambda response, whatever the size of the package."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from hashlib import sha256

from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.http.attestation_responses import attestation_response
from installhub.model.errors import ErrorCode
from installhub.packages.records import Signature
from tests.builders import node, package, record
from tests.unit.http.serving import LAMBDA_RESPONSE_BYTES, content_of, headers_of, payload_size, problem_of, respond

SIGNED = replace(record(), signature=Signature("c2ln", "arn", "1.2.3", 1))


def test_an_attestation_of_the_largest_package_fits_into_a_response() -> None:
    nodes = [node(str(sha256(str(number).encode()).hexdigest()[:20])) for number in range(50_000)]
    encoded = encode_manifest(build_manifest(package(), [], nodes))

    response = respond(lambda request: attestation_response(request, SIGNED, lambda: encoded, lambda _: "kid"))

    assert headers_of(response)["Content-Encoding"] == "gzip"
    assert payload_size(response) < LAMBDA_RESPONSE_BYTES
    statement = json.loads(base64.b64decode(json.loads(content_of(response))["payload"]))
    assert len(statement["predicate"]["materials"]) == 50_000


def test_a_package_without_a_signature_is_refused_before_anything_is_read() -> None:
    def fail() -> bytes:
        raise AssertionError

    response = respond(lambda request: attestation_response(request, record(), fail, lambda _: "kid"))

    assert (response["statusCode"], problem_of(response)["errorCode"]) == (404, ErrorCode.ATTESTATION_NOT_FOUND)
