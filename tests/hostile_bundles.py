"""Bundles of artifacts whose ids are not valid file names."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from installhub.bundler.bundle import write_bundle
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.model.artifact import ArtifactType
from installhub.model.definition import canonical_json, pack, sha256_hex
from tests.builders import node, package
from tests.zip_programs import Program

HOSTILE_IDS: Final = (
    *("a", "A", "stra\u00dfe", "STRASSE", "caf\u00e9", "cafe\u0301", "\u00c9", "K", "\u212a", "\u0130", "\ufb03"),
    *("con", "CON", "nul.txt", "Com1", "lpt9.json", "aux ", "prn.", "CLOCK$", "desktop.ini"),
    *(".", "..", "...", "../../../etc/passwd", "/etc/passwd", "..\\..\\windows", "C:\\x", "\\\\host\\share", "a//b"),
    *("-rf", "--help", "@list", "$HOME", "`id`", "*", "?", "[a-z]", "%00", "%2F", "%2f", "a%zz", "~", "a~1", "a:b"),
    *(" ", "  a  ", "a.", "a ", "'", '"', "<>|", "\u202e3pm.exe", "\u200b", "\ufeff", "\u00a0", "\U000e0001", "\u0301"),
    *("\u6f22\u5b57", "\U0001f600" * 128, "\u6f22" * 256, "x" * 256, "X" * 256, "." * 256, "/" * 256, "manifest"),
)
"""Similar ids, device names, paths, command-line options, shell patterns, and long ids."""

EMPTY: Final[Sequence[object]] = (None, {}, [], "", 0, False)
"""Minimal JSON definitions."""


def bundle_of(ids: Sequence[str], definitions: Sequence[object] = EMPTY) -> tuple[bytes, dict[str, bytes]]:
    """Return a bundle with one artifact per id, and the expected content of its files by path."""
    contents = [canonical_json(definitions[index % len(definitions)]) for index in range(len(ids))]
    packed = [pack(content) for content in contents]
    nodes = [
        replace(
            node(artifact_id, kind=ArtifactType.RULE_SET),
            sha256=sha256_hex(contents[index]),
            size=len(contents[index]),
            packed_size=packed[index].packed_size,
        )
        for index, artifact_id in enumerate(ids)
    ]
    document = build_manifest(package(name="\u6f22 / \\ \u202e"), ids, nodes)
    manifest = encode_manifest(document)
    file = io.BytesIO()
    write_bundle(file.write, manifest, nodes, packed)
    paths = [listed["path"] for listed in document["artifacts"]]
    return file.getvalue(), {"manifest.json": manifest, **dict(zip(paths, contents, strict=True))}


def assert_program_agrees(program: Program, archive: Path, expected: Mapping[str, bytes]) -> None:
    """Assert that ``program`` lists the names in order, unpacks the same bytes and reports no errors."""
    program.check(archive)
    assert program.list(archive) == list(expected)
    unpacked = program.unpack(archive, archive.parent / "unpacked")
    assert unpacked == dict(expected)


def assert_zipfile_agrees(archive: Path, expected: Mapping[str, bytes]) -> None:
    """Assert the same of Python's zipfile."""
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == list(expected)
        assert {name: opened.read(name) for name in opened.namelist()} == dict(expected)
