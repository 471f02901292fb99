"""Strings of definitions that could be ids: found like by a plain recursive walk, and limited in size and time."""

from __future__ import annotations

import random
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model import references
from installhub.model.references import (
    MAX_REFERENCES_BYTES,
    MAX_VALUES,
    Reference,
    find_references,
    pack_references,
    unpack_references,
)
from tests.strategies import ids, json_values

OWN = "proc-1001"

# Strings of a few forms, so that many of them are found and some occur twice.
texts = st.sampled_from(["form-1", "rule_2", "a.b", "Form", "two words", "x-1 y", "48", "", "é-1", "'a-1'"]) | st.text()
definitions = st.recursive(
    texts | st.none() | st.integers(),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(texts, values, max_size=4),
    max_leaves=15,
)


def all_strings(value: Any, pointer: str = "") -> list[tuple[str, str]]:  # noqa: ANN401  # any JSON value
    """An oracle: every string with its pointer, by recursion."""
    if isinstance(value, str):
        return [(pointer, value)]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [
        found
        for name, member in members
        for found in all_strings(member, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    ]


def is_like_an_id(text: str, built_like: str) -> bool:
    """An oracle: character by character."""
    marks = ".:/#~+-_"
    has_letter = any(character.isalpha() for character in text)
    has_other = not all(character.isalpha() for character in text)
    starts_well = bool(text) and (text[0].isalnum() or text[0] == "_")
    plain = all(character.isalnum() or character in marks for character in text)
    return len(text) <= 256 and (
        (has_letter and has_other and starts_well and plain) or shape(text) == shape(built_like)
    )


def shape(text: str) -> str:
    return re.sub("x+", "x", "".join("x" if character.isalnum() else character for character in text))


def found_in(definition: Any, own: str = OWN, *dependencies: str) -> list[tuple[str, str]]:  # noqa: ANN401
    return [(pointer, text) for pointer, text in find_references(definition, own, dependencies)]


@given(definitions, st.lists(texts.filter(bool), max_size=3))
def test_everything_like_an_id_that_is_not_declared_is_found_once_where_it_comes_first(
    definition: Any,  # noqa: ANN401
    dependencies: list[str],
) -> None:
    first: dict[str, str] = {}
    for pointer, text in all_strings(definition):
        alike = any(is_like_an_id(text, built_like) for built_like in (OWN, *dependencies))
        if alike and text not in {OWN, *dependencies}:
            first.setdefault(text, pointer)

    found = find_references(definition, OWN, dependencies)

    assert {reference.text: reference.pointer for reference in found} == first
    assert len(found) == len(first)


@given(json_values, ids, st.lists(ids, max_size=5))
def test_any_definition_has_limited_references(
    definition: Any,  # noqa: ANN401
    own: str,
    dependencies: list[str],
) -> None:
    found = find_references(definition, own, dependencies)

    assert {(found.pointer, found.text) for found in found} <= set(all_strings(definition))
    assert sum(len(f"{pointer}{text}".encode()) for pointer, text in found) <= MAX_REFERENCES_BYTES


@given(st.lists(st.builds(Reference, st.text(), st.text())))
def test_packing_is_lossless(found: list[Reference]) -> None:
    assert unpack_references(pack_references(found)) == found


def test_what_was_found_takes_little_space() -> None:
    random_ids = [f"{random.Random(seed).getrandbits(64):016x}" for seed in range(1_000)]  # noqa: S311
    assert pack_references(find_references({}, OWN, [])) == b"[]"
    assert len(pack_references(find_references(random_ids, OWN, []))) < 700


def test_names_of_fields_do_not_count() -> None:
    assert found_in({"form-1": {"rule-2": True}}) == []


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("form-1", [("", "form-1")]),
        ([["form-1"]], [("/0/0", "form-1")]),
        ({"a/b~c": "form-1"}, [("/a~1b~0c", "form-1")]),
    ],
)
def test_pointers_are_those_of_rfc_6901(definition: object, expected: list[tuple[str, str]]) -> None:
    assert found_in(definition) == expected


def test_ids_of_any_form_are_found_if_the_known_ones_have_it() -> None:
    definition = ["Approve", "two words", "Another Form"]

    assert found_in(definition) == []
    assert [text for _, text in found_in(definition, "Form")] == ["Approve"]
    assert [text for _, text in found_in(definition, OWN, "My Form")] == ["two words", "Another Form"]


def test_what_is_built_like_known_ids_comes_first_and_fits_although_others_do_not() -> None:
    others = [f"other.{number:04}" for number in range(1_000)]
    found = [text for _, text in found_in([*others, "form-1", others, "form-2"])]

    assert found[:2] == ["form-1", "form-2"]
    assert found[2:] == others[: len(found) - 2]


@pytest.mark.parametrize(
    "definition",
    [
        [0] * 3_000_000,
        [""] * 3_000_000,
        [[[]] * 1_000] * 1_000,
        ["a-" * 128] * 300_000,
        ["-" * 256] * 300_000,
        ["a" * 256] * 300_000,
    ],
    ids=["numbers", "empty", "lists", "pairs", "marks", "letters"],
)
def test_hostile_definitions_take_limited_time(definition: object) -> None:
    start = time.process_time()

    find_references(definition, OWN, ["x-" * 128])

    assert time.process_time() - start < 5


def test_deep_definitions_and_hostile_ids_are_searched() -> None:
    deep: Any = "form-1"
    for _ in range(400):
        deep = [deep]
    hostile = ["".join(chr(33 + (number * place) % 14) for place in range(256)) for number in range(200)]

    assert found_in(deep, OWN, *hostile) == [("/0" * 400, "form-1")]


def test_the_rest_of_an_enormous_definition_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_VALUES == 1_000_000
    monkeypatch.setattr(references, "MAX_VALUES", 5)

    assert found_in(["form-1", 0, 0, "form-4", "form-5"]) == [("/0", "form-1"), ("/3", "form-4")]
