"""Takes bundles apart, and puts them together again with any field changed."""

from __future__ import annotations

import copy
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from installhub.bundler.bundle import write_bundle
from installhub.bundler.manifest import build_manifest, encode_manifest
from installhub.model.artifact import ArtifactNode, ArtifactType
from installhub.model.definition import canonical_json, pack, sha256_hex
from installhub.model.requirement import Requirement, RequirementKind, ValueType
from tests.builders import node, package

MANIFEST = "manifest.json"

DEFINITIONS: dict[str, Any] = {
    "schema": {"fields": [{"name": "größe", "type": "number"}], "text": "lorem ipsum " * 20},
    "form": {"entity": "schema", "steps": [1, 2.5, None, True]},
    "App": {"form": "form", "title": "漢"},
}
"""The definitions of the sample bundle; each artifact depends on the one before it."""

_KINDS = {"schema": ArtifactType.ENTITY_SCHEMA, "form": ArtifactType.ATLAS_FORM, "App": ArtifactType.APP_DEFINITION}


def sample_bundle() -> bytes:
    """Return what the bundler writes for three artifacts with requirements."""
    requirements = (
        Requirement("crm", RequirementKind.CONNECTION, "The CRM."),
        Requirement("limit", RequirementKind.VARIABLE, value_type=ValueType.NUMBER, default=2.5),
    )
    ids = list(DEFINITIONS)
    nodes = [
        _node(artifact_id, ids[index - 1 : index], requirements[:index])
        for index, artifact_id in enumerate(DEFINITIONS)
    ]
    return written(nodes, [canonical_json(definition) for definition in DEFINITIONS.values()], ids[-1:])


def written(nodes: list[ArtifactNode], contents: list[bytes], roots: list[str]) -> bytes:
    """Return what the bundler writes."""
    file = io.BytesIO()
    manifest = encode_manifest(build_manifest(package(name="Suite", tags=["hr"]), roots, nodes))
    write_bundle(file.write, manifest, nodes, map(pack, contents))
    return file.getvalue()


def _node(artifact_id: str, dependencies: list[str], requirements: tuple[Requirement, ...]) -> ArtifactNode:
    content = canonical_json(DEFINITIONS[artifact_id])
    return replace(
        node(artifact_id, *dependencies, kind=_KINDS[artifact_id]),
        sha256=sha256_hex(content),
        size=len(content),
        packed_size=pack(content).packed_size,
        requirements=requirements,
    )


@dataclass
class ForgedEntry:
    """An entry with every field of its headers; None means the value that is right for the content.

    Attributes:
        name: Its name, encoded.
        data: The bytes between the local header and what follows it.
        crc32: CRC-32 in both headers.
        size: Uncompressed size in both headers.
        central: Fields of the header in the directory that differ, by name.
        local: Fields of the local header that differ, by name.
        before: Bytes in front of the local header.
        extra: The extra field of the directory.
        local_extra: The extra field of the local header.
        comment: The comment.
        offset: Offset in the directory, if it is not that of the local header.
    """

    name: bytes
    data: bytes
    crc32: int
    size: int
    central: dict[str, int] = field(default_factory=dict)
    local: dict[str, int] = field(default_factory=dict)
    before: bytes = b""
    extra: bytes = b""
    local_extra: bytes = b""
    local_name: bytes | None = None
    comment: bytes = b""
    offset: int | None = None

    @classmethod
    def of(cls, name: str, content: bytes) -> ForgedEntry:
        packed = pack(content)
        return cls(name.encode(), b"".join(packed.chunks), packed.crc32, packed.size)

    @property
    def content(self) -> bytes:
        return zlib.decompress(self.data, wbits=-15)

    def set_content(self, content: bytes) -> None:
        """Replace the content, with headers that are right for it."""
        other = ForgedEntry.of("", content)
        self.data, self.crc32, self.size = other.data, other.crc32, other.size

    def _fields(self, changes: dict[str, int]) -> dict[str, int]:
        fields = {"needed": 20, "flags": 0x0800, "method": 8, "time": 0, "date": 0x0021, "crc32": self.crc32}
        return {**fields, "packed_size": len(self.data), "size": self.size, **changes}

    def local_header(self) -> bytes:
        name = self.name if self.local_name is None else self.local_name
        fields = self._fields(self.local).values()
        return (
            struct.pack("<4s5H3I2H", b"PK\x03\x04", *fields, len(name), len(self.local_extra)) + name + self.local_extra
        )

    def central_header(self, offset: int) -> bytes:
        changes = {name: value for name, value in self.central.items() if name not in _ONLY_CENTRAL}
        only = {**_ONLY_CENTRAL, **{name: value for name, value in self.central.items() if name in _ONLY_CENTRAL}}
        lengths = len(self.name), len(self.extra), len(self.comment)
        numbers = only["disk"], only["internal"], only["external"]
        offset = offset if self.offset is None else self.offset
        fields = self._fields(changes).values()
        header = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", only["made_by"], *fields, *lengths, *numbers, offset)
        return header + self.name + self.extra + self.comment


_ONLY_CENTRAL = {"made_by": 3 << 8 | 20, "disk": 0, "internal": 0, "external": 0o100644 << 16}


@dataclass
class Forgery:
    """An archive whose parts can be changed before it is put together.

    Attributes:
        entries: The entries, the manifest first.
        before_directory: Bytes between the last entry and the directory.
        before_end: Bytes between the directory and the end record.
        trailing: Bytes after the end record.
        comment: The comment of the archive.
        end: Numbers of the end record that differ, by name.
    """

    entries: list[ForgedEntry]
    before_directory: bytes = b""
    before_end: bytes = b""
    trailing: bytes = b""
    comment: bytes = b""
    end: dict[str, int] = field(default_factory=dict)

    def manifest(self) -> Any:  # noqa: ANN401  # any JSON object
        return json.loads(self.entries[0].content)

    def set_manifest(self, manifest: object) -> None:
        self.entries[0].set_content(json.dumps(manifest, ensure_ascii=False).encode())

    def edit(self, change: Callable[[Any], object]) -> None:
        """Change the manifest."""
        manifest = self.manifest()
        change(manifest)
        self.set_manifest(manifest)

    def replace_definition(self, index: int, content: bytes) -> None:
        """Replace a definition, with a manifest that is right for it."""
        self.entries[index + 1].set_content(content)
        facts = {"size": len(content), "sha256": sha256_hex(content)}
        self.edit(lambda manifest: manifest["artifacts"][index].update(facts))

    def rename(self, index: int, name: str) -> None:
        """Rename an entry, with a manifest that says so too."""
        self.entries[index + 1].name = name.encode()
        self.edit(lambda manifest: manifest["artifacts"][index].update(path=name))

    def add(self, name: str, content: bytes = b"{}") -> ForgedEntry:
        self.entries.append(ForgedEntry.of(name, content))
        return self.entries[-1]

    def encode(self) -> bytes:
        """Put the archive together."""
        body, directory = b"", b""
        for entry in self.entries:
            body += entry.before
            directory += entry.central_header(len(body))
            body += entry.local_header() + entry.data
        body += self.before_directory
        numbers = {
            "disk": 0,
            "first_disk": 0,
            "count": len(self.entries),
            "total": len(self.entries),
            "size": len(directory),
            "offset": len(body),
            **self.end,
        }
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", *numbers.values(), len(self.comment)) + self.comment
        return body + directory + self.before_end + end + self.trailing


def taken_apart() -> Forgery:
    """Return the sample bundle, ready to be changed."""
    return copy.deepcopy(_SAMPLE)


def _take_apart(bundle: bytes) -> Forgery:

    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        entries = [ForgedEntry.of(name, archive.read(name)) for name in archive.namelist()]
    forgery = Forgery(entries)
    assert forgery.encode() == bundle
    return forgery


_SAMPLE = _take_apart(sample_bundle())
