"""Hostile bundles: each is refused, for the reason that names what is wrong with it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from installhub.model.definition import sha256_hex
from installhub.verification import end_records
from installhub.verification.archive import read_entries
from installhub.verification.bundle import verify_bundle
from installhub.verification.limits import DEFAULT_LIMITS, Limits
from installhub.verification.reasons import Reason, VerificationError
from tests.forged_bundles import Forgery, taken_apart

Change = Callable[[Forgery], object]

OUTSIDE = b"PK\x03\x04 something else"


def refusal(bundle: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[Reason, str]:
    with pytest.raises(VerificationError) as raised:
        verify_bundle(io.BytesIO(bundle), limits)
    return raised.value.reason, raised.value.place


def is_place(forgery: Forgery, place: str) -> bool:
    """Whether the place is an entry, by name or number, a field of the manifest, or the archive as a whole."""
    if place in {"", "manifest.json", *(f"entry {index}" for index in range(5))}:
        return True
    if place.encode() in {entry.name for entry in forgery.entries}:
        return True
    if not place.startswith("/"):
        return place in {listed["path"] for listed in forgery.manifest()["artifacts"]}
    value = forgery.manifest()
    *parents, last = place[1:].split("/")
    for name in parents:
        value = value[int(name)] if isinstance(value, list) else value[name]
    return int(last) < len(value) if isinstance(value, list) else last in {*value, *taken_apart().manifest()}


def central(**fields: int) -> Change:
    return lambda forgery: forgery.entries[1].central.update(fields)


def local(**fields: int) -> Change:
    return lambda forgery: forgery.entries[1].local.update(fields)


def both(**fields: int) -> Change:
    return lambda forgery: (forgery.entries[1].central.update(fields), forgery.entries[1].local.update(fields))


def end(**fields: int) -> Change:
    return lambda forgery: forgery.end.update(fields)


def entry(**attributes: Any) -> Change:  # noqa: ANN401  # of several types
    return lambda forgery: set_all(forgery.entries[1], attributes)


def archive(**attributes: Any) -> Change:  # noqa: ANN401  # as above
    return lambda forgery: set_all(forgery, attributes)


def set_all(target: object, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        setattr(target, name, value)


def named(name: str) -> Change:
    return lambda forgery: forgery.rename(0, name)


def added(name: str) -> Change:
    return lambda forgery: forgery.add(name)


def manifest(change: Callable[[Any], object]) -> Change:
    return lambda forgery: forgery.edit(change)


def fields(**values: object) -> Change:
    return manifest(lambda document: document.update(values))


def artifact(index: int, **values: object) -> Change:
    return manifest(lambda document: document["artifacts"][index].update(values))


def requirement(**values: object) -> Change:
    return manifest(lambda document: document["requirements"][0].update(values))


def without(name: str) -> Change:
    return manifest(lambda document: document.pop(name))


def definition(content: bytes) -> Change:
    return lambda forgery: forgery.replace_definition(0, content)


def swapped(forgery: Forgery) -> None:
    forgery.entries[1], forgery.entries[2] = forgery.entries[2], forgery.entries[1]


def swapped_in_the_manifest(document: Any) -> None:  # noqa: ANN401  # any JSON object
    first, second = document["artifacts"][:2]
    document["artifacts"][:2] = second, first
    document["installOrder"][:2] = second["id"], first["id"]


def swapped_everywhere(forgery: Forgery) -> None:
    swapped(forgery)
    forgery.edit(swapped_in_the_manifest)


def unneeded(forgery: Forgery) -> None:
    path = "artifacts/Configuration/unneeded.json"
    forgery.add(path)
    listed = {"type": "Configuration", "id": "unneeded", "name": "Unneeded", "path": path, "size": 2}

    def change(document: Any) -> None:  # noqa: ANN401  # any JSON object
        document["artifacts"].append({**listed, "sha256": sha256_hex(b"{}"), "dependencies": []})
        document["installOrder"].append("unneeded")

    forgery.edit(change)


def overlapping(forgery: Forgery) -> None:
    """The second entry is the first one once more, as in archives that unpack to far more than their size."""
    forgery.entries[2].offset = 0


def bomb(size: int) -> Change:
    """Content that declares ``size`` bytes and unpacks to 64 MiB."""

    def change(forgery: Forgery) -> None:
        packer = zlib.compressobj(9, wbits=-15)
        zeros = b"0" * 1024 * 1024
        forgery.entries[1].data = b"".join([*(packer.compress(zeros) for _ in range(64)), packer.flush()])
        forgery.entries[1].size = size
        forgery.edit(lambda document: document["artifacts"][0].update(size=size))

    return change


def longer(forgery: Forgery) -> None:
    forgery.entries[1].size += 1
    forgery.edit(lambda document: document["artifacts"][0].update(size=forgery.entries[1].size))


SCHEMA_PATH = "artifacts/EntitySchema/schema.json"
ZIP64_EXTRA = struct.pack("<HHQ", 1, 8, 0)
UNICODE_PATH_EXTRA = struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil"
HUGE_NUMBER = b"[" + b"1" * 5000 + b"]"

STRUCTURE: list[tuple[str, Reason, Change]] = [
    (
        "bytes before the first entry",
        Reason.LEADING_BYTES,
        lambda forgery: setattr(forgery.entries[0], "before", b"#!"),
    ),
    ("bytes after the end", Reason.TRAILING_BYTES, archive(trailing=b"\0")),
    ("another archive after the end", Reason.END_WRONG, lambda f: setattr(f, "trailing", taken_apart().encode())),
    ("bytes between entries", Reason.GAP_BETWEEN_ENTRIES, entry(before=OUTSIDE)),
    ("bytes before the directory", Reason.GAP_BETWEEN_ENTRIES, archive(before_directory=OUTSIDE)),
    ("bytes after the directory", Reason.END_WRONG, archive(before_end=OUTSIDE)),
    ("a comment", Reason.TRAILING_BYTES, archive(comment=b"hello")),
    ("the longest comment", Reason.TRAILING_BYTES, archive(comment=b"-" * 65_535)),
    ("a comment that looks like an end", Reason.END_WRONG, archive(comment=struct.pack("<4s18x", b"PK\x05\x06"))),
    ("several parts", Reason.END_WRONG, end(disk=1, first_disk=1)),
    ("fewer entries than in total", Reason.END_WRONG, end(count=3)),
    ("an entry that the end does not count", Reason.DIRECTORY_WRONG, end(count=3, total=3)),
    ("an entry that does not exist", Reason.DIRECTORY_WRONG, end(count=5, total=5)),
    ("ZIP64 without its records", Reason.END_WRONG, end(count=0xFFFF, total=0xFFFF)),
    ("a directory elsewhere", Reason.END_WRONG, end(offset=10)),
    ("encryption", Reason.ENTRY_ENCRYPTED, both(flags=0x0801)),
    ("strong encryption", Reason.ENTRY_ENCRYPTED, both(flags=0x0841)),
    ("an encrypted directory", Reason.ENTRY_ENCRYPTED, both(flags=0x2800)),
    ("a data descriptor", Reason.ENTRY_HAS_DESCRIPTOR, both(flags=0x0808)),
    ("a data descriptor in the local header only", Reason.LOCAL_HEADER_DIFFERS, local(flags=0x0808, crc32=0, size=0)),
    ("names in another encoding", Reason.ENTRY_FLAGS, both(flags=0)),
    ("an entry that is stored", Reason.ENTRY_METHOD, both(method=0)),
    ("another compression", Reason.ENTRY_METHOD, both(method=14)),
    ("a symbolic link", Reason.ENTRY_NOT_A_FILE, central(external=0o120777 << 16)),
    ("a directory by its mode", Reason.ENTRY_NOT_A_FILE, central(external=0o040755 << 16)),
    ("a directory by its DOS attribute", Reason.ENTRY_NOT_A_FILE, central(external=0o100644 << 16 | 0x10)),
    ("a directory by its name", Reason.ENTRY_NOT_A_FILE, named("artifacts/EntitySchema/")),
    ("a device", Reason.ENTRY_NOT_A_FILE, central(external=0o020666 << 16)),
    ("a program that runs as its owner", Reason.ENTRY_ATTRIBUTES, central(external=0o104755 << 16)),
    ("another system", Reason.ENTRY_ATTRIBUTES, central(made_by=20)),
    ("another time", Reason.ENTRY_ATTRIBUTES, both(time=1)),
    ("another part", Reason.ENTRY_ATTRIBUTES, central(disk=1)),
    ("a comment of an entry", Reason.ENTRY_ATTRIBUTES, entry(comment=b"hello")),
    ("another name in an extra field", Reason.ENTRY_EXTRA_FIELDS, entry(extra=UNICODE_PATH_EXTRA)),
    ("a ZIP64 field that is not needed", Reason.ENTRY_EXTRA_FIELDS, entry(extra=ZIP64_EXTRA)),
    ("an offset in a ZIP64 field for no reason", Reason.ENTRY_EXTRA_FIELDS, entry(offset=2**32 - 1, extra=ZIP64_EXTRA)),
    ("an extra field in the local header", Reason.GAP_BETWEEN_ENTRIES, entry(local_extra=UNICODE_PATH_EXTRA)),
    (
        "another name in the local header",
        Reason.LOCAL_HEADER_DIFFERS,
        entry(local_name=b"artifacts/EntitySchema/other_.json"),
    ),
    ("another CRC in the local header", Reason.LOCAL_HEADER_DIFFERS, local(crc32=1)),
    ("another size in the local header", Reason.LOCAL_HEADER_DIFFERS, local(size=1)),
    ("another method in the local header", Reason.LOCAL_HEADER_DIFFERS, local(method=0)),
    ("an entry inside another", Reason.ENTRIES_OVERLAP, overlapping),
    (
        "an entry that reaches into the directory",
        Reason.ENTRIES_OVERLAP,
        lambda f: f.entries[-1].central.update(packed_size=9999),
    ),
    ("an entry that reaches into the next", Reason.ENTRIES_OVERLAP, central(packed_size=9999)),
    ("a path that climbs", Reason.NAME_CLIMBS, named("artifacts/../../etc/passwd")),
    ("a path with a dot", Reason.NAME_CLIMBS, named("artifacts/./schema.json")),
    ("a path with an empty folder", Reason.NAME_CLIMBS, named("artifacts//schema.json")),
    ("an absolute path", Reason.NAME_ABSOLUTE, named("/etc/passwd")),
    ("a drive", Reason.NAME_ABSOLUTE, named("C:/windows/system.ini")),
    ("a backslash", Reason.NAME_HAS_BACKSLASH, named("artifacts\\..\\..\\evil.json")),
    ("a name that is not UTF-8", Reason.NAME_NOT_TEXT, entry(name=b"\xff\xfe.json")),
    ("a name with a line break", Reason.NAME_NOT_TEXT, named("artifacts/a\nb.json")),
    ("a name with a null character", Reason.NAME_NOT_TEXT, named("artifacts/a.json\0.txt")),
    ("an empty name", Reason.NAME_NOT_TEXT, named("")),
    ("a name that is too long", Reason.NAME_NOT_TEXT, named("a" * 301)),
    ("an entry twice", Reason.ENTRY_DUPLICATE, lambda forgery: forgery.entries.append(forgery.entries[1])),
    ("an entry twice ignoring case", Reason.ENTRY_DUPLICATE, added("artifacts/entityschema/SCHEMA.json")),
    ("a second manifest", Reason.ENTRY_DUPLICATE, added("manifest.json")),
]

CONTENT: list[tuple[str, Reason, Change]] = [
    ("no entries", Reason.MANIFEST_MISSING, lambda forgery: forgery.entries.clear()),
    ("no manifest", Reason.MANIFEST_MISSING, lambda forgery: forgery.entries.pop(0)),
    ("a manifest that is not the first", Reason.MANIFEST_MISSING, lambda f: f.entries.append(f.entries.pop(0))),
    ("an entry that the manifest does not list", Reason.ENTRY_NOT_IN_MANIFEST, added("artifacts/RuleSet/x.json")),
    ("an entry beside the artifacts", Reason.ENTRY_NOT_IN_MANIFEST, added("install.sh")),
    ("an entry that is missing", Reason.ENTRY_MISSING, lambda forgery: forgery.entries.pop()),
    ("entries in another order", Reason.ENTRY_OUT_OF_ORDER, swapped),
    ("a definition that was replaced", Reason.SIZE_WRONG, lambda forgery: forgery.entries[1].set_content(b"{}")),
    ("another definition of the same size", Reason.DIGEST_WRONG, lambda f: f.entries[3].set_content(b"0" * 29)),
    ("another digest", Reason.DIGEST_WRONG, artifact(0, sha256="0" * 64)),
    ("another CRC", Reason.CRC_WRONG, entry(crc32=1)),
    ("a bomb that declares its size", Reason.ENTRY_TOO_LARGE, bomb(64 * 1024 * 1024)),
    ("a bomb that declares less", Reason.SIZE_WRONG, bomb(100)),
    ("a definition that is too short", Reason.SIZE_WRONG, longer),
    ("damaged data", Reason.DATA_DAMAGED, entry(data=b"\xff" * 40)),
    ("data without an end", Reason.DATA_DAMAGED, lambda f: setattr(f.entries[1], "data", f.entries[1].data[:-1])),
    ("no data", Reason.DATA_DAMAGED, entry(data=b"")),
    (
        "data after the end of the stream",
        Reason.DATA_DAMAGED,
        lambda f: setattr(f.entries[1], "data", f.entries[1].data + b"\0"),
    ),
    ("a definition that is not JSON", Reason.NOT_JSON, definition(b"#!/bin/sh")),
    ("a definition with a name twice", Reason.NOT_JSON, definition(b'{"a":1,"a":2}')),
    ("a definition that is not UTF-8", Reason.NOT_JSON, definition(b'"\xff"')),
    ("a definition with NaN", Reason.NOT_JSON, definition(b"[NaN]")),
    ("a definition with a huge number", Reason.NOT_JSON, definition(HUGE_NUMBER)),
    ("a definition that is nested too deeply", Reason.NOT_JSON, definition(b"[" * 200_000)),
    ("a definition with a byte order mark", Reason.NOT_JSON, definition(b"\xef\xbb\xbf{}")),
    ("a definition with whitespace", Reason.NOT_CANONICAL, definition(b'{"a": 1}')),
    ("a definition with a line break at its end", Reason.NOT_CANONICAL, definition(b"{}\n")),
    ("a definition with names out of order", Reason.NOT_CANONICAL, definition(b'{"b":1,"a":2}')),
    ("a definition with an escape", Reason.NOT_CANONICAL, definition(rb'"\u0061"')),
    ("a definition with half a character", Reason.NOT_CANONICAL, definition(rb'"\ud800"')),
    ("a definition with another way to write a number", Reason.NOT_CANONICAL, definition(b"[1e2]")),
    ("a definition with an infinite number", Reason.NOT_CANONICAL, definition(b"[1e999]")),
    ("a manifest that is not JSON", Reason.NOT_JSON, lambda forgery: forgery.entries[0].set_content(b"{")),
    ("a manifest with a field twice", Reason.NOT_JSON, lambda f: f.entries[0].set_content(b'{"name":1,"name":2}')),
    ("a manifest that is no object", Reason.FIELD_WRONG, lambda forgery: forgery.set_manifest([])),
    ("another format", Reason.FORMAT_UNKNOWN, fields(formatVersion="2")),
    ("no format", Reason.FORMAT_UNKNOWN, without("formatVersion")),
    ("no package", Reason.FIELD_WRONG, without("packageId")),
    ("an id of something else", Reason.FIELD_WRONG, fields(packageId="../1")),
    ("a version that is none", Reason.FIELD_WRONG, fields(version="1.0")),
    ("a type of package that does not exist", Reason.FIELD_WRONG, fields(packageType="virus-package")),
    ("tags that are no texts", Reason.FIELD_WRONG, fields(tags=[1])),
    ("a package without artifacts", Reason.FIELD_WRONG, fields(artifacts=[])),
    ("a package without roots", Reason.FIELD_WRONG, fields(rootArtifacts=[])),
    ("an artifact that is no object", Reason.FIELD_WRONG, manifest(lambda m: m["artifacts"].append("x"))),
    ("a type of artifact that does not exist", Reason.FIELD_WRONG, artifact(0, type="Program")),
    ("a negative size", Reason.FIELD_WRONG, artifact(0, size=-1)),
    ("a size that is a Boolean", Reason.FIELD_WRONG, artifact(0, size=True)),
    ("a digest in uppercase", Reason.FIELD_WRONG, artifact(0, sha256="A" * 64)),
    ("an id with a line break", Reason.FIELD_WRONG, artifact(0, id="a\nb")),
    ("an id that is too long", Reason.FIELD_WRONG, artifact(0, id="a" * 257)),
    ("two artifacts of one id", Reason.ID_DUPLICATE, artifact(1, id="schema")),
    ("two artifacts of one path", Reason.PATH_WRONG, artifact(1, path=SCHEMA_PATH, type="EntitySchema")),
    ("a path of another type", Reason.PATH_WRONG, artifact(0, path="artifacts/RuleSet/schema.json")),
    ("a path outside the artifacts", Reason.PATH_WRONG, named("schema.json")),
    ("a path of a device", Reason.PATH_WRONG, named("artifacts/EntitySchema/CON.x.json")),
    ("a path too long for file systems", Reason.PATH_WRONG, named(f"artifacts/EntitySchema/{'a' * 251}.json")),
    ("a path that needs encoding", Reason.PATH_WRONG, named("artifacts/EntitySchema/a b.json")),
    ("a path with more after it", Reason.PATH_WRONG, named("artifacts/EntitySchema/schema.json.exe")),
    ("a path of a program", Reason.PATH_WRONG, named("artifacts/EntitySchema/schema.exe")),
    ("an incomplete install order", Reason.INSTALL_ORDER_WRONG, manifest(lambda m: m["installOrder"].pop())),
    ("an install order with more", Reason.INSTALL_ORDER_WRONG, manifest(lambda m: m["installOrder"].append("x"))),
    ("another install order", Reason.INSTALL_ORDER_WRONG, manifest(lambda m: m["installOrder"].reverse())),
    ("a dependency that is installed later", Reason.DEPENDENCY_INSTALLED_LATER, swapped_everywhere),
    ("a cycle", Reason.DEPENDENCY_INSTALLED_LATER, artifact(0, dependencies=["App"])),
    ("an artifact that depends on itself", Reason.DEPENDENCY_INSTALLED_LATER, artifact(0, dependencies=["schema"])),
    ("a dependency outside the package", Reason.DEPENDENCY_MISSING, artifact(0, dependencies=["x"])),
    ("a root outside the package", Reason.ROOT_MISSING, fields(rootArtifacts=["App", "x"])),
    ("a root twice", Reason.ROOT_MISSING, fields(rootArtifacts=["App", "App"])),
    ("an artifact that nothing needs", Reason.ARTIFACT_NOT_REQUIRED, unneeded),
    ("a requirement of no artifact", Reason.REQUIREMENT_WRONG, requirement(requiredBy=["x"])),
    ("a requirement twice", Reason.REQUIREMENT_WRONG, requirement(name="limit")),
    ("a requirement that nothing has", Reason.FIELD_WRONG, requirement(requiredBy=[])),
    ("a requirement of another kind", Reason.FIELD_WRONG, requirement(kind="password")),
    ("a secret with a value", Reason.FIELD_WRONG, requirement(kind="secret", default="x")),
    ("a default of another type", Reason.FIELD_WRONG, requirement(valueType="number", default="x")),
    ("a requirement that is no object", Reason.FIELD_WRONG, fields(requirements=[1])),
]


@pytest.mark.parametrize(("reason", "change"), [case[1:] for case in STRUCTURE], ids=[case[0] for case in STRUCTURE])
def test_a_hostile_archive_is_refused(reason: Reason, change: Change) -> None:
    forgery = taken_apart()

    change(forgery)

    found, place = refusal(forgery.encode())
    assert found is reason
    assert is_place(forgery, place), place


@pytest.mark.parametrize(("reason", "change"), [case[1:] for case in CONTENT], ids=[case[0] for case in CONTENT])
def test_hostile_content_is_refused(reason: Reason, change: Change) -> None:
    forgery = taken_apart()

    change(forgery)

    found, place = refusal(forgery.encode())
    assert found is reason
    assert is_place(forgery, place), place


@pytest.mark.parametrize("length", [0, 1, 21, 22, 100, -1, -22, -23, -100])
def test_a_part_of_a_bundle_is_refused(length: int) -> None:
    reason, _ = refusal(taken_apart().encode()[:length])

    assert reason in {Reason.END_MISSING, Reason.TRAILING_BYTES}


def test_an_end_record_alone_has_no_room_for_zip64() -> None:
    assert refusal(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0, 0, 0))[0] is Reason.END_WRONG


def test_the_place_is_named() -> None:
    forgery = taken_apart()
    forgery.entries[2].set_content(b"{}")

    assert refusal(forgery.encode()) == (Reason.SIZE_WRONG, "artifacts/AtlasForm/form.json")


def test_a_place_cannot_control_a_terminal() -> None:
    forgery = taken_apart()
    forgery.edit(lambda document: document["artifacts"][0].update(path="\x1b[2J\u202e" + "x" * 1000))

    _, place = refusal(forgery.encode())

    assert place.isprintable()
    assert place == f"\ufffd[2J\ufffd{'x' * 295}…"


def test_an_error_says_reason_place_and_detail() -> None:
    assert str(VerificationError(Reason.CRC_WRONG, "a.json", "of 4")) == "CrcWrong: a.json: of 4"
    assert str(VerificationError(Reason.CRC_WRONG)) == "CrcWrong"


def test_names_may_have_300_bytes() -> None:
    forgery = taken_apart()
    forgery.entries[1].name = b"a" * 300

    names = [entry.name for entry in read_entries(io.BytesIO(forgery.encode()), DEFAULT_LIMITS)]

    assert names[1] == "a" * 300


def test_exactly_the_limits_are_allowed() -> None:
    bundle = taken_apart().encode()
    sizes = [entry.size for entry in taken_apart().entries]
    exact = Limits(4, sizes[0], max(sizes[1:]), sum(sizes), len(bundle))

    assert verify_bundle(io.BytesIO(bundle), exact).manifest.roots == ("App",)
    for name, reason in LIMITED.items():
        refused = refusal(bundle, replace(exact, **{name: getattr(exact, name) - 1}))
        assert refused[0] is reason, name


LIMITED = {
    "entries": Reason.TOO_MANY_ENTRIES,
    "manifest_bytes": Reason.ENTRY_TOO_LARGE,
    "definition_bytes": Reason.ENTRY_TOO_LARGE,
    "total_bytes": Reason.ENTRIES_TOO_LARGE,
    "bundle_bytes": Reason.BUNDLE_TOO_LARGE,
}


def test_the_default_limits_admit_what_a_hub_exports_by_default() -> None:
    """50,000 artifacts, definitions of 50 MiB and 5 GiB together."""
    mib = 2**20

    assert Limits(50_001, 256 * mib, 50 * mib, 6 * 1024 * mib, 6 * 1024 * mib) == DEFAULT_LIMITS


def test_the_limits_of_the_format_are_those_of_zip() -> None:
    assert (end_records.MAX_16, end_records.MAX_32) == (2**16 - 1, 2**32 - 1)


def test_reasons_have_the_names_of_the_enumeration() -> None:
    assert [reason.value for reason in Reason] == [reason.name.title().replace("_", "") for reason in Reason]


def test_every_reason_about_bundles_is_tested() -> None:
    tested = {reason for _, reason, _ in (*STRUCTURE, *CONTENT)}
    about_attestations = list(Reason)[list(Reason).index(Reason.ENVELOPE_TOO_LARGE) :]

    assert set(Reason) - set(about_attestations) - {Reason.END_MISSING} == tested | set(LIMITED.values())
