"""Attestations: a statement that is not about the bundle, or not what a hub states, is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from installhub.verification.bundle import verify_bundle
from installhub.verification.reasons import Reason, VerificationError
from installhub.verification.statement import Attestation, verify_attestation
from tests.forged_bundles import sample_bundle, taken_apart
from tests.hostile_bundles import bundle_of
from tests.unit.verification.signing import OTHER_KEY, attestation_of, envelope, statement_of, trusted

BUNDLE = verify_bundle(io.BytesIO(sample_bundle()))

Change = Callable[[Any], object]


def predicate(**values: object) -> Change:
    return lambda statement: statement["predicate"].update(values)


def without(name: str) -> Change:
    return lambda statement: statement["predicate"].pop(name)


def subject(value: object) -> Change:
    return lambda statement: statement.update(subject=value)


def material(index: int, **values: object) -> Change:
    return lambda statement: statement["predicate"]["materials"][index].update(values)


def signed(change: Change) -> bytes:
    statement = statement_of(BUNDLE)
    change(statement)
    return envelope(json.dumps(statement).encode())


def test_an_attestation_says_who_exported_when() -> None:
    assert verify_attestation(attestation_of(BUNDLE), trusted(), BUNDLE) == Attestation(
        "a" * 64, "2026-11-27T17:00:00Z", "user", "0.3.0"
    )


@pytest.mark.parametrize("change", [without("materials"), predicate(more=1), lambda statement: statement.update(x=1)])
def test_a_statement_may_have_more_and_no_materials(change: Change) -> None:
    assert verify_attestation(signed(change), trusted(), BUNDLE).hub_version == "0.3.0"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda statement: statement.update(_type="https://in-toto.io/Statement/v0.1"), Reason.STATEMENT_MALFORMED),
        (lambda statement: statement.update(predicateType="https://slsa.dev/x"), Reason.STATEMENT_MALFORMED),
        (lambda statement: statement.update(predicate=[]), Reason.STATEMENT_MALFORMED),
        (predicate(tenantDigest="tenant-1"), Reason.STATEMENT_MALFORMED),
        (predicate(tenantDigest="a" * 65), Reason.STATEMENT_MALFORMED),
        (predicate(exportedAt="yesterday"), Reason.STATEMENT_MALFORMED),
        (predicate(exportedAt="2026-11-27T17:00:00Z\n"), Reason.STATEMENT_MALFORMED),
        (predicate(exportedByKind=""), Reason.STATEMENT_MALFORMED),
        (without("hubVersion"), Reason.STATEMENT_MALFORMED),
        (subject([]), Reason.SUBJECT_DIFFERS),
        (subject([{"name": "a", "digest": {"sha256": BUNDLE.sha256}}] * 2), Reason.SUBJECT_DIFFERS),
        (subject([{"name": "a", "digest": {"sha256": "0" * 64}}]), Reason.SUBJECT_DIFFERS),
        (subject([{"name": "a", "digest": {"sha512": BUNDLE.sha256}}]), Reason.SUBJECT_DIFFERS),
        (subject([{"name": "a"}]), Reason.STATEMENT_MALFORMED),
        (predicate(packageId="pkg-00000000-0000-5000-8000-000000000000"), Reason.PACKAGE_DIFFERS),
        (predicate(name="Other"), Reason.PACKAGE_DIFFERS),
        (predicate(version="2.1.1"), Reason.PACKAGE_DIFFERS),
        (predicate(manifestDigest={"sha256": "0" * 64}), Reason.MANIFEST_DIFFERS),
        (without("manifestDigest"), Reason.MANIFEST_DIFFERS),
        (predicate(materials=None), Reason.MATERIALS_DIFFER),
        (predicate(materials=[]), Reason.MATERIALS_DIFFER),
        (predicate(materials=[1]), Reason.STATEMENT_MALFORMED),
        (material(0, digest={"sha256": "0" * 64}), Reason.MATERIALS_DIFFER),
        (material(0, name="artifacts/EntitySchema/other.json"), Reason.MATERIALS_DIFFER),
        (lambda statement: statement["predicate"]["materials"].reverse(), Reason.MATERIALS_DIFFER),
    ],
    ids=range(25),
)
def test_another_statement_is_refused(change: Change, reason: Reason) -> None:
    with pytest.raises(VerificationError) as raised:
        verify_attestation(signed(change), trusted(), BUNDLE)

    assert raised.value.reason is reason
    place = raised.value.place.split("/")
    assert place[0] == ""
    assert place[1] in {"_type", "predicateType", "predicate", "subject"}
    assert set(place[2:]) <= {"0", "digest", *statement_of(BUNDLE)["predicate"]}


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"_type":1,"_type":2}', b"\xff"])
def test_a_payload_that_is_no_statement_is_refused(payload: bytes) -> None:
    with pytest.raises(VerificationError) as raised:
        verify_attestation(envelope(payload), trusted(), BUNDLE)

    assert raised.value.reason is Reason.STATEMENT_MALFORMED


def test_the_attestation_of_another_package_is_refused() -> None:
    forgery = taken_apart()
    forgery.edit(lambda manifest: manifest.update(description="Other"))
    other = verify_bundle(io.BytesIO(forgery.encode()))

    with pytest.raises(VerificationError) as raised:
        verify_attestation(attestation_of(BUNDLE), trusted(), other)

    assert raised.value.reason is Reason.SUBJECT_DIFFERS


def test_an_envelope_may_be_larger_than_a_megabyte_only_if_the_bundle_needs_it() -> None:
    ids = [f"{index:04}{'X' * 196}" for index in range(3_200)]
    large = verify_bundle(io.BytesIO(bundle_of(ids)[0]))
    envelope_of_large = attestation_of(large)

    assert len(envelope_of_large) > 1024 * 1024
    padded = envelope_of_large.ljust(3_200 * 512)
    assert verify_attestation(padded, trusted(), large).hub_version == "0.3.0"
    with pytest.raises(VerificationError, match="EnvelopeTooLarge"):
        verify_attestation(padded + b" ", trusted(), large)
    with pytest.raises(VerificationError) as raised:
        verify_attestation(envelope_of_large, trusted(), BUNDLE)
    assert raised.value.reason is Reason.ENVELOPE_TOO_LARGE


def test_a_key_that_is_not_trusted_attests_nothing() -> None:
    with pytest.raises(VerificationError) as raised:
        verify_attestation(attestation_of(BUNDLE), trusted(OTHER_KEY), BUNDLE)

    assert raised.value.reason is Reason.KEY_UNKNOWN


def test_every_reason_about_attestations_is_tested() -> None:
    """Those of envelopes and keys are tested where envelopes are."""
    reasons = list(Reason)
    about_statements = set(reasons[reasons.index(Reason.STATEMENT_MALFORMED) :])
    marks = test_another_statement_is_refused.pytestmark  # type: ignore[attr-defined]  # pytest adds it

    assert {reason for _, reason in marks[0].args[1]} == about_statements
