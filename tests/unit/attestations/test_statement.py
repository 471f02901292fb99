"""The statement about a package: its bytes must never change, or signatures of stored packages become wrong."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from installhub.attestations.envelopes import envelope_of
from installhub.attestations.statement import statement_of
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.model.artifact import ArtifactType
from installhub.model.definition import sha256_hex
from installhub.model.hub import HUB_VERSION
from installhub.packages.records import Signature
from tests.builders import TENANT, node, package, record

LAYER: Final = Path(__file__).parents[3] / "layers" / "installhub"
MANIFEST: Final = build_manifest(package(), ["a"], [node("b", kind=ArtifactType.THREAD_DEFINITION), node("a", "b")])
ENCODED: Final = encode_manifest(MANIFEST)


def predicate_of(**changes: Any) -> Any:  # noqa: ANN401  # any JSON
    return json.loads(statement_of(replace(record(), **changes), MANIFEST, ENCODED, "1.2.3"))["predicate"]


def test_a_statement_has_exactly_these_bytes() -> None:
    expected = (
        '{"_type":"https://in-toto.io/Statement/v1","predicate":{"exportedAt":"2026-05-25T09:00:00Z",'
        '"exportedByKind":"http","hubVersion":"1.2.3",'
        f'"manifestDigest":{{"sha256":"{sha256_hex(ENCODED)}"}},"materials":['
        f'{{"digest":{{"sha256":"{sha256_hex(b"b")}"}},"name":"{MANIFEST["artifacts"][0]["path"]}"}},'
        f'{{"digest":{{"sha256":"{sha256_hex(b"a")}"}},"name":"{MANIFEST["artifacts"][1]["path"]}"}}],'
        '"name":"Employee Onboarding","packageId":"pkg-a3f9c821-4b2e-59d1-bc44-f7e2a1c09d33",'
        f'"tenantDigest":"{sha256_hex(TENANT.encode())}","version":"2.1.0"}},'
        '"predicateType":"urn:installhub:predicate:export:1",'
        f'"subject":[{{"digest":{{"sha256":"{sha256_hex(b"PK" + bytes([5, 6]))}"}},'
        '"name":"employee-onboarding-2.1.0.zip"}]}'
    )

    assert statement_of(record(), MANIFEST, ENCODED, "1.2.3").decode() == expected


def test_neither_the_tenant_nor_the_requester_is_in_a_statement() -> None:
    secret = replace(record(tenant="the-tenant"), exported_by="somebody@example.com")

    statement = statement_of(secret, MANIFEST, ENCODED, "1.2.3").decode()

    assert "the-tenant" not in statement
    assert "somebody" not in statement


@pytest.mark.parametrize(
    ("request_id", "exported_by", "requested_at", "kind"),
    [
        (None, "somebody", None, "http"),
        (None, "event:looks.like.one", None, "http"),
        ("key:3f2a", "somebody", None, "http"),
        ("key:3f2a", "somebody", "2026-05-25T09:00:00Z", "http"),
        ("event:portal/1", "event:portal", None, "event"),
        ("s3:inbox/requests/a.json?1", "s3:inbox/requests/a.json", None, "s3"),
        (None, "invoke", None, "invoke"),
        ("invoke:1", "invoke:1", None, "invoke"),
    ],
)
def test_how_an_export_was_requested_does_not_depend_on_what_a_subject_looks_like(
    request_id: str | None, exported_by: str, requested_at: str | None, kind: str
) -> None:
    predicate = predicate_of(request_id=request_id, exported_by=exported_by, requested_at=requested_at)

    assert predicate["exportedByKind"] == kind


def test_a_statement_of_another_version_is_not_built() -> None:
    with pytest.raises(ValueError, match="version 2"):
        envelope_of(record(), Signature("", "", "1.2.3", 2), MANIFEST, ENCODED, "kid")


def test_the_version_of_the_hub_is_that_of_the_layer() -> None:
    assert tomllib.loads((LAYER / "pyproject.toml").read_text())["project"]["version"] == HUB_VERSION
