"""What the bundler writes is accepted, and nothing that differs from it in one byte passes for the same."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
import zipfile
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installhub.bundler import archive as archive_writer
from installhub.bundler.manifest import build_manifest
from installhub.model.artifact import ArtifactType
from installhub.model.definition import canonical_json, sha256_hex
from installhub.verification import archive, end_records
from installhub.verification.bundle import VerifiedBundle, verify_bundle
from installhub.verification.reasons import VerificationError
from installhub.verification.statement import verify_attestation
from tests.builders import node, package
from tests.forged_bundles import sample_bundle, written
from tests.hostile_bundles import HOSTILE_IDS, bundle_of
from tests.unit.verification.signing import attestation_of, trusted

SAMPLE = sample_bundle()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def verified(bundle: bytes) -> VerifiedBundle:
    return verify_bundle(io.BytesIO(bundle))


VERIFIED_MANIFEST = verified(SAMPLE).manifest


def test_the_result_says_what_was_verified() -> None:
    result = verified(SAMPLE)

    with zipfile.ZipFile(io.BytesIO(SAMPLE)) as opened:
        manifest = opened.read("manifest.json")
    assert result.sha256 == hashlib.sha256(SAMPLE).hexdigest()
    assert result.manifest_sha256 == hashlib.sha256(manifest).hexdigest()
    assert result.manifest.install_order == ("schema", "form", "App")
    assert result.manifest.roots == ("App",)
    assert [requirement.name for requirement in result.manifest.requirements] == ["crm", "limit"]


def test_ids_that_are_no_file_names_are_accepted() -> None:
    bundle, _ = bundle_of(HOSTILE_IDS)

    assert verified(bundle).manifest.install_order == HOSTILE_IDS


def test_the_longest_path_is_accepted() -> None:
    listed = node("A" * 200, kind=ArtifactType.PROCESS_DEFINITION)
    content = canonical_json({})

    bundle = written([replace(listed, sha256=sha256_hex(content), size=len(content))], [content], [listed.id])

    assert len(verified(bundle).manifest.artifacts[0].path) == 266


@given(
    ids=st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=300).filter(
            lambda text: len(text) <= 256
        ),
        min_size=1,
        max_size=6,
        unique=True,
    ),
    definitions=st.lists(JSON, min_size=1, max_size=6),
    kinds=st.lists(st.sampled_from(ArtifactType), min_size=6, max_size=6),
    data=st.data(),
)
def test_whatever_the_bundler_writes_is_accepted(
    ids: list[str], definitions: list[Any], kinds: list[ArtifactType], data: st.DataObject
) -> None:
    contents = [canonical_json(definitions[index % len(definitions)]) for index in range(len(ids))]
    nodes = []
    for index, (artifact_id, content) in enumerate(zip(ids, contents, strict=True)):
        dependencies = data.draw(st.lists(st.sampled_from(ids[:index]), unique=True)) if index else []
        listed = node(artifact_id, *dependencies, kind=kinds[index])
        nodes.append(replace(listed, sha256=sha256_hex(content), size=len(content)))

    bundle = written(nodes, contents, ids)

    assert verified(bundle).manifest.install_order == tuple(ids)


@settings(max_examples=400)
@given(position=st.integers(0, len(SAMPLE) - 1), flipped=st.integers(1, 255))
def test_no_bundle_with_a_flipped_byte_passes_for_the_same(position: int, flipped: int) -> None:
    bundle = bytearray(SAMPLE)
    bundle[position] ^= flipped

    try:
        result = verified(bytes(bundle))
    except VerificationError:
        return
    # Deflate has several encodings of a text, so that the content can be the same; the digest and the signature differ.
    assert result.manifest == verified(SAMPLE).manifest
    assert result.sha256 != hashlib.sha256(SAMPLE).hexdigest()
    with pytest.raises(VerificationError):
        verify_attestation(attestation_of(verified(SAMPLE)), trusted(), result)


@settings(max_examples=200)
@given(start=st.integers(0, len(SAMPLE)), removed=st.integers(0, 60), inserted=st.binary(max_size=60), data=st.data())
def test_any_file_is_verified_or_refused(start: int, removed: int, inserted: bytes, data: st.DataObject) -> None:
    bundle = SAMPLE[:start] + inserted + SAMPLE[start + removed :]
    if data.draw(st.booleans()):
        bundle = data.draw(st.binary(max_size=200))

    with suppress(VerificationError):
        verified(bundle)


@pytest.mark.parametrize(("max_16", "max_32"), [(3, 500), (4, 100_000), (3, 100_000), (100, 500)])
def test_zip64_is_accepted_where_it_is_needed(max_16: int, max_32: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that are lowered for writer and reader alike reach ZIP64 with a bundle of four entries."""
    for module in (archive_writer, end_records, archive):
        for name, limit in (("MAX_16", max_16), ("_MAX_16", max_16), ("MAX_32", max_32), ("_MAX_32", max_32)):
            monkeypatch.setattr(module, name, limit, raising=False)
    bundle = sample_bundle()

    assert bundle[-98:-94] == b"PK\x06\x06"
    assert verified(bundle).manifest == VERIFIED_MANIFEST
    for position in range(len(bundle) - 98, len(bundle)):
        forged = bytearray(bundle)
        forged[position] ^= 1
        with pytest.raises(VerificationError):
            verified(bytes(forged))


def test_many_entries_use_zip64() -> None:
    bundle, _ = bundle_of([f"rule-{index}" for index in range(70_000)])

    with pytest.raises(VerificationError, match="TooManyEntries"):
        verified(bundle)


def test_memory_does_not_grow_with_the_size_of_a_bundle() -> None:
    def peak(count: int) -> int:
        content = canonical_json("0123456789" * 30_000)
        nodes = [replace(node(f"a{index}"), sha256=sha256_hex(content), size=len(content)) for index in range(count)]
        file = io.BytesIO(written(nodes, [content] * count, [listed.id for listed in nodes]))
        tracemalloc.start()
        try:
            verify_bundle(file)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(100) < 1.5 * peak(5)


def test_the_manifest_s_fields_are_those_that_the_bundler_writes() -> None:
    """A field that is added to the manifest has to be considered here."""
    document = build_manifest(package(), ["a"], [node("a")])

    assert set(document) == {
        *("formatVersion", "packageId", "name", "version", "packageType", "description", "author", "tags"),
        *("rootArtifacts", "artifacts", "installOrder"),
    }
    assert set(document["artifacts"][0]) == {"type", "id", "name", "path", "size", "sha256", "dependencies"}
