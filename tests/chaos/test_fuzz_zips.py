"""Archives with many entries or over 4 GiB, and with random ids, read by common ZIP programs."""

from __future__ import annotations

import random
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from installhub.bundler.archive import ArchiveWriter
from installhub.model.definition import pack
from tests.conftest import Record
from tests.hostile_bundles import assert_program_agrees, assert_zipfile_agrees, bundle_of
from tests.strategies import NASTY
from tests.zip_programs import PROGRAMS

ENTRIES = 70_000
MIB = 1024 * 1024
LENGTH = 2_200 * MIB  # two entries of this length end beyond 4 GiB
STORED_BLOCK = 65_535


@pytest.fixture(scope="module")
def archive_with_many_entries(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    path = tmp_path_factory.mktemp("many") / "bundle.zip"
    names = [f"artifacts/RuleSet/{number:06}.json" for number in range(ENTRIES)]
    with path.open("wb") as file:
        writer = ArchiveWriter(file.write)
        packed = pack(b"{}")
        for name in names:
            writer.add(name, packed.chunks, packed_size=packed.packed_size, size=2, crc32=packed.crc32)
        writer.close()
    return path, names


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_more_than_65535_entries_are_all_listed(
    name: str, archive_with_many_entries: tuple[Path, list[str]], record: Record
) -> None:
    path, names = archive_with_many_entries
    program = PROGRAMS[name]

    program.check(path)
    assert program.list(path) == names

    record("fuzz", f"Bundle of {ENTRIES} entries, listed and tested by {name}", "all of them, in order", "ZIP64")


@pytest.fixture(scope="module")
def large_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sparse archive of over 4 GiB whose large entries are stored zeros."""
    path = tmp_path_factory.mktemp("far") / "bundle.zip"
    blocks, remainder = divmod(LENGTH, STORED_BLOCK)
    crc = 0
    for _ in range(LENGTH // MIB):
        crc = zlib.crc32(bytes(MIB), crc)
    with path.open("wb") as file:

        def write(data: bytes) -> None:
            # Zeros are skipped, which leaves a hole in the sparse file.
            if data.count(0) == len(data):
                file.seek(len(data), 1)
            else:
                file.write(data)

        writer = ArchiveWriter(write)
        zeros = bytes(STORED_BLOCK)

        def deflated() -> Iterator[bytes]:
            for _ in range(blocks):
                yield b"\x00\xff\xff\x00\x00"
                yield zeros
            yield b"\x01" + remainder.to_bytes(2, "little") + (remainder ^ 0xFFFF).to_bytes(2, "little")
            yield bytes(remainder)

        for name in ("zeros-1", "zeros-2"):
            writer.add(name, deflated(), packed_size=LENGTH + 5 * (blocks + 1), size=LENGTH, crc32=crc)
        last = pack(b'"beyond 4 GiB"')
        writer.add("last", last.chunks, packed_size=last.packed_size, size=last.size, crc32=last.crc32)
        writer.close()
    return path


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_an_archive_over_4_gib_is_listed_completely(name: str, large_archive: Path, record: Record) -> None:
    assert large_archive.stat().st_size > 4 * 1024 * MIB

    assert PROGRAMS[name].list(large_archive) == ["zeros-1", "zeros-2", "last"]

    record("fuzz", f"Bundle of over 4 GiB, listed by {name}", "all three entries", "ZIP64; a sparse file")


def test_an_entry_beyond_4_gib_is_unpacked(large_archive: Path) -> None:
    with zipfile.ZipFile(large_archive) as archive:
        assert archive.getinfo("last").header_offset > 4 * 1024 * MIB
        assert archive.read("last") == b'"beyond 4 GiB"'


@pytest.mark.parametrize("name", [*PROGRAMS, "zipfile"])
def test_every_program_unpacks_bundles_with_random_ids(name: str, tmp_path: Path, record: Record) -> None:
    generator = random.Random(8)  # noqa: S311  # not for security
    alphabet = [*NASTY, *map(chr, range(0x21, 0x7F)), "\u202e", "\u200d", "\u0600", "\ud7ff", "\U0010fffd"]
    ids = list(
        dict.fromkeys(
            "".join(generator.choices(alphabet, k=generator.choice((1, 2, 3, 12, 80, 256)))) for _ in range(2_000)
        )
    )
    content, expected = bundle_of(ids)
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    assert len(expected) == len(ids) + 1 > 1_500

    if name == "zipfile":
        assert_zipfile_agrees(path, expected)
    else:
        assert_program_agrees(PROGRAMS[name], path, expected)

    record(
        "fuzz", f"Bundle of random ids, unpacked by {name}", "same names, same bytes", f"{len(ids):,} ids, fixed seed"
    )
