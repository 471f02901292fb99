"""Complete bundles: their content, layout and reproducibility."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from installhub.bundler.archive import ArchiveError
from installhub.bundler.bundle import write_bundle
from installhub.bundler.entry_names import MANIFEST_PATH
from installhub.bundler.layout import BundleLayout
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.model.artifact import ArtifactNode, ArtifactType
from installhub.model.definition import PackedDefinition, canonical_json, pack, sha256_hex
from tests import rawzip
from tests.builders import node, package

# Changes only with the manifest's format, the layout of bundles or the codec. Clients then get new checksums for
# unchanged content, so a change must be intended (docs/decisions/0003).
GOLDEN_CHECKSUM = "343c439d34fadcaeec808df008535f9a1f71af7aa44d5c0e18ad650aa7a4a626"

IDS = {
    "ent-44": ArtifactType.ENTITY_SCHEMA,
    "Form 2005": ArtifactType.ATLAS_FORM,
    "größe/漢": ArtifactType.APP_DEFINITION,
}


def definition_of(artifact_id: str) -> bytes:
    return canonical_json({"id": artifact_id, "größe": [1, 2.5, None, True], "text": "lorem ipsum " * 20})


def artifacts() -> list[ArtifactNode]:
    return [
        replace(
            node(artifact_id, kind=kind),
            sha256=sha256_hex(definition_of(artifact_id)),
            size=len(definition_of(artifact_id)),
            packed_size=pack(definition_of(artifact_id)).packed_size,
        )
        for artifact_id, kind in IDS.items()
    ]


def packed() -> list[PackedDefinition]:
    return [pack(definition_of(artifact_id)) for artifact_id in IDS]


def manifest() -> bytes:
    description = package(name="Suite", description="All of it", author="HR", tags=["hr"])
    return encode_manifest(build_manifest(description, list(IDS), artifacts()))


def bundle() -> tuple[bytes, BundleLayout]:
    file = io.BytesIO()
    layout = write_bundle(file.write, manifest(), artifacts(), packed())
    return file.getvalue(), layout


def test_a_bundle_contains_the_manifest_and_then_the_definitions_in_install_order() -> None:
    content, _ = bundle()

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        paths = [listed["path"] for listed in json.loads(archive.read(MANIFEST_PATH))["artifacts"]]
        assert archive.namelist() == [MANIFEST_PATH, *paths]
        assert archive.read(MANIFEST_PATH) == manifest()
        assert [archive.read(path) for path in paths] == [definition_of(artifact_id) for artifact_id in IDS]


def test_the_manifest_s_digests_and_sizes_are_those_of_the_entries() -> None:
    content, _ = bundle()

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for listed in json.loads(archive.read(MANIFEST_PATH))["artifacts"]:
            definition = archive.read(listed["path"])
            assert (listed["size"], listed["sha256"]) == (len(definition), sha256_hex(definition))


def test_the_layout_locates_the_manifest() -> None:
    content, layout = bundle()

    start, end = layout.manifest_offset, layout.manifest_offset + layout.manifest_packed_size
    assert layout.size == len(content)
    assert zlib.decompress(content[start:end], wbits=-15) == manifest()
    assert layout.manifest_size == len(manifest())


def test_equal_requests_and_artifacts_yield_equal_bytes() -> None:
    assert bundle() == bundle()


def test_the_checksum_of_a_known_bundle_never_changes() -> None:
    content, _ = bundle()

    assert sha256_hex(content) == GOLDEN_CHECKSUM


def test_a_bundle_has_no_extra_fields_and_no_data_descriptors() -> None:
    content, _ = bundle()
    file = io.BytesIO(content)

    for entry in rawzip.read_entries(file):
        local = rawzip.local_header(file, entry.offset)
        assert (entry.flags & 0x0008, entry.extra, local.extra) == (0, b"", b"")


@pytest.mark.parametrize(("program", "option"), [("unzip", "-tq"), ("zipinfo", "-v"), ("jar", "tf")])
def test_common_zip_programs_read_a_bundle(run: Callable[..., str], tmp_path: Path, program: str, option: str) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle()[0])

    run(program, option, path)


def test_unzip_unpacks_a_bundle(run: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle()[0])

    run("unzip", "-q", path, "-d", tmp_path / "unpacked")

    for listed in json.loads((tmp_path / "unpacked" / MANIFEST_PATH).read_bytes())["artifacts"]:
        unpacked = tmp_path / "unpacked" / listed["path"]
        assert unpacked.read_bytes() == definition_of(listed["id"])
        assert unpacked.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("change", [-1, 1])
def test_a_definition_with_a_wrong_length_fails_the_bundle(change: int) -> None:
    wrong = packed()
    wrong[1] = replace(wrong[1], packed_size=wrong[1].packed_size + change)

    with pytest.raises(ArchiveError):
        write_bundle(io.BytesIO().write, manifest(), artifacts(), wrong)


@pytest.mark.parametrize("definitions", [packed()[:2], [*packed(), *packed()]], ids=["fewer", "more"])
def test_more_or_fewer_definitions_than_artifacts_are_an_error(definitions: list[PackedDefinition]) -> None:
    with pytest.raises(ValueError, match="zip"):
        write_bundle(io.BytesIO().write, manifest(), artifacts(), definitions)


def test_each_definition_is_written_before_the_next_is_read() -> None:
    sizes: list[int] = []
    file = io.BytesIO()

    def definitions() -> Iterator[PackedDefinition]:
        for definition in packed():
            sizes.append(file.tell())
            yield definition

    write_bundle(file.write, manifest(), artifacts(), definitions())

    assert sizes == sorted(set(sizes))
