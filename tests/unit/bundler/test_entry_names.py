"""Entry names: valid on every file system for any id, and unique."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from installhub.bundler.entry_names import MANIFEST_PATH, entry_path
from installhub.model.artifact import ArtifactType
from tests.strategies import NASTY, ids

# Characters that Windows does not allow in names, and control characters.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{digit}" for port in ("COM", "LPT") for digit in range(10))}


def is_windows_device(part: str) -> bool:
    """Return whether Windows reads the name as a device: the part before the first dot, without trailing spaces."""
    return part.partition(".")[0].rstrip(" ").upper() in DEVICES


def path_of(artifact_id: str) -> str:
    return entry_path(ArtifactType.RULE_SET, artifact_id)


def name_of(artifact_id: str) -> str:
    return path_of(artifact_id).rpartition("/")[2]


def digest(artifact_id: str) -> str:
    return hashlib.sha256(artifact_id.encode()).hexdigest()


# The normalizations by which file systems may treat two names as equal.
FOLDS: list[Callable[[str], str]] = [
    str.casefold,
    str.upper,
    lambda name: unicodedata.normalize("NFC", name),
    lambda name: unicodedata.normalize("NFD", name),
    lambda name: unicodedata.normalize("NFKC", name.casefold()),
    lambda name: name.rstrip(". "),
]


@pytest.mark.parametrize(
    ("kind", "artifact_id", "expected"),
    [
        (ArtifactType.PROCESS_DEFINITION, "proc-1001", "artifacts/ProcessDefinition/proc-1001.json"),
        (ArtifactType.ENTITY_SCHEMA, "ent_44.v2", "artifacts/EntitySchema/ent_44.v2.json"),
        (ArtifactType.RULE_SET, "a b/c", "artifacts/RuleSet/a%20b%2Fc.json"),
        (ArtifactType.RULE_SET, "größe", "artifacts/RuleSet/gr%C3%B6%C3%9Fe.json"),
    ],
)
def test_a_short_and_unambiguous_id_is_percent_encoded_in_its_name(
    kind: ArtifactType, artifact_id: str, expected: str
) -> None:
    assert entry_path(kind, artifact_id) == expected


@pytest.mark.parametrize(
    "artifact_id", ["Proc-1001", "CON", "con", "nul.txt", "x" * 201, "漢" * 256, "😀" * 256], ids=lambda text: text[:9]
)
def test_an_ambiguous_reserved_or_long_id_has_a_digest_in_its_name(artifact_id: str) -> None:
    assert digest(artifact_id)[:16] in name_of(artifact_id)


@given(ids, st.sampled_from(ArtifactType))
@example("😀" * 256, ArtifactType.PROCESS_DEFINITION)
@example("x" * 256, ArtifactType.PROCESS_DEFINITION)
@example("..", ArtifactType.RULE_SET)
def test_entry_names_are_safe(artifact_id: str, kind: ArtifactType) -> None:
    path = entry_path(kind, artifact_id)

    folder, type_folder, name = path.split("/")
    assert (folder, type_folder) == ("artifacts", kind.value)
    assert name.endswith(".json")
    assert name.isascii()
    assert name.isprintable()
    assert len(name) <= 255
    assert not FORBIDDEN.search(name)
    assert name not in (".", "..")
    assert not name.endswith((" ", "."))
    assert not name.startswith(" ")
    assert not is_windows_device(name)


@pytest.mark.parametrize("form", ["{}", "{}.", "{}.txt", "{}..", "{}.json", "{} ", "{} .x", "{}.%", "{}." + "x" * 250])
def test_no_name_is_a_windows_device(form: str) -> None:
    spellings = (spelling for device in DEVICES for spelling in (device, device.lower(), device.capitalize()))

    assert [form.format(device) for device in spellings if is_windows_device(name_of(form.format(device)))] == []


@given(st.lists(ids | st.text(NASTY, min_size=1, max_size=4), min_size=2, max_size=20, unique=True))
def test_different_ids_have_different_names_however_a_file_system_folds_them(artifact_ids: list[str]) -> None:
    paths = [path_of(artifact_id) for artifact_id in artifact_ids]

    for fold in FOLDS:
        assert len({fold(path) for path in paths}) == len(artifact_ids)


@given(ids)
@example("ABC")
@example("stra\u00dfe")
@example("\ufb03")
@example("\u0130")
@example("\u212b")
@example("con")
@example("x" * 201)
def test_deliberately_similar_ids_have_different_names(artifact_id: str) -> None:
    encoded = name_of(artifact_id).removesuffix(".json")
    similar = {
        artifact_id,
        artifact_id.casefold(),
        artifact_id.upper(),
        artifact_id.lower(),
        artifact_id.swapcase(),
        artifact_id.title(),
        *(unicodedata.normalize(form, artifact_id) for form in ("NFC", "NFD", "NFKC", "NFKD")),
        f"{artifact_id}.",
        f"{artifact_id} ",
        f" {artifact_id}",
        f"{artifact_id}.json",
        f"{artifact_id}~",
        f"{artifact_id}~1",
        encoded,
        encoded.lower(),
        f"{artifact_id}~{digest(artifact_id)[:32]}",
        f"{encoded[:100]}~{digest(artifact_id)[:32]}",
        f"{encoded}%7E{digest(artifact_id)[:32]}",
    }

    for fold in FOLDS:
        assert len({fold(path_of(other)) for other in similar}) == len(similar)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "A"),
        ("caf\u00e9", "cafe\u0301"),
        ("\u00c9", "\u00e9"),
        ("%41", "A"),
        ("%2f", "/"),
        ("%2F", "/"),
        ("%2f", "%2F"),
        ("a~b", "a%7Eb"),
        ("a~b", "a%7eb"),
        ("x" * 200 + "a", "x" * 200 + "b"),
        ("x" * 256, "x" * 255),
        (".", ".."),
        ("a", "a."),
        ("a", "a "),
        ("K", "\u212a"),
        ("con", "con."),
    ],
)
def test_pairs_of_similar_ids_have_different_names(one: str, other: str) -> None:
    for fold in FOLDS:
        assert fold(path_of(one)) != fold(path_of(other))


def test_no_id_has_the_manifest_s_name() -> None:
    assert path_of("manifest") != MANIFEST_PATH
    assert path_of("../../manifest") != MANIFEST_PATH


@given(ids)
def test_names_are_deterministic(artifact_id: str) -> None:
    assert path_of(artifact_id) == path_of(artifact_id)


def test_existing_names_never_change() -> None:
    assert path_of("Proc 1") == f"artifacts/RuleSet/Proc%201~{digest('Proc 1')[:32]}.json"
