"""Bundles with hostile ids in common ZIP programs; large bundles are tested in tests/chaos."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Record
from tests.hostile_bundles import EMPTY, HOSTILE_IDS, assert_program_agrees, assert_zipfile_agrees, bundle_of
from tests.zip_programs import PROGRAMS


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle_of(HOSTILE_IDS)[0])
    return path


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_bundle_of_hostile_ids_is_the_same_to_every_program(name: str, archive: Path, record: Record) -> None:
    _, expected = bundle_of(HOSTILE_IDS)
    assert len(expected) == len(set(HOSTILE_IDS)) + 1 > 60

    assert_program_agrees(PROGRAMS[name], archive, expected)

    record(
        "fuzz",
        f"Bundle of hostile ids, read by {name}",
        "same names, same bytes",
        f"{len(HOSTILE_IDS)} ids: look-alikes, device names, paths, options, 256 characters; empty definitions",
    )


def test_zipfile_agrees(archive: Path) -> None:
    assert_zipfile_agrees(archive, bundle_of(HOSTILE_IDS)[1])


def test_the_definitions_are_minimal() -> None:
    contents = list(bundle_of(HOSTILE_IDS)[1].values())[1:]

    assert set(contents) == {b"null", b"{}", b"[]", b'""', b"0", b"false"}
    assert len(EMPTY) == 6
