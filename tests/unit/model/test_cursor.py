"""Cursors: only those of the same list, tenant and filters are accepted, whatever a client sends."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.cursor import CursorScope
from installhub.model.errors import ErrorCode, InstallHubError

SCOPE: Final = CursorScope("artifacts", "tenant-a", {"type": "RuleSet", "status": None})

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def is_refused(scope: CursorScope, cursor: str) -> bool:
    try:
        scope.decode(cursor, 1)
    except InstallHubError as error:
        return error.code is ErrorCode.INVALID_CURSOR
    return False


def forged(scope: CursorScope, content: bytes) -> str:
    """A cursor with a correct checksum, which is no secret."""
    return base64.urlsafe_b64encode(scope._checksum(content) + content).decode().rstrip("=")


@given(st.lists(texts, min_size=1, max_size=3))
def test_a_cursor_contains_a_position(position: list[str]) -> None:
    cursor = SCOPE.encode(position)

    assert SCOPE.decode(cursor, len(position)) == position
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)


@pytest.mark.parametrize(
    "scope",
    [
        replace(SCOPE, tenant="tenant-b"),
        replace(SCOPE, list_name="packages"),
        replace(SCOPE, filters={"type": "AtlasForm", "status": None}),
        replace(SCOPE, filters={"type": None, "status": "RuleSet"}),
        replace(SCOPE, filters={"type": "RuleSet", "status": ""}),
        replace(SCOPE, filters={}),
    ],
)
def test_a_cursor_of_another_list_tenant_or_filter_is_refused(scope: CursorScope) -> None:
    assert not is_refused(SCOPE, SCOPE.encode(["E#=rule"]))
    assert is_refused(scope, SCOPE.encode(["E#=rule"]))


@given(texts, st.data())
def test_a_changed_or_shortened_cursor_is_refused(position: str, data: st.DataObject) -> None:
    cursor = SCOPE.encode([position])
    place = data.draw(st.integers(0, len(cursor) - 2))
    other = data.draw(st.sampled_from("Az09-_").filter(lambda character: character != cursor[place]))

    assert is_refused(SCOPE, cursor[:place])
    assert is_refused(SCOPE, cursor[:place] + other + cursor[place + 1 :])


@pytest.mark.parametrize("additional", ["!", "\n", " ", "=", "%"])
def test_a_cursor_with_a_character_outside_its_alphabet_is_refused(additional: str) -> None:
    cursor = SCOPE.encode(["E#=rule"])

    assert is_refused(SCOPE, cursor[:8] + additional + cursor[8:])


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda content: base64.urlsafe_b64encode(content).decode()))
def test_random_text_is_refused(cursor: str) -> None:
    assert is_refused(SCOPE, cursor)


CONTENTS: Final[list[Any]] = [
    *(None, 7, "text", {}, [], [1], [1, 2], [1, None], [1, ["E#=a"]], [1, "a", "b"], ["a"]),
    *([2, "E#=a"], [0, "E#=a"], [True, "E#=a"], [1.0, "E#=a"], ["1", "E#=a"]),
]


@pytest.mark.parametrize("content", CONTENTS, ids=json.dumps)
def test_a_forged_cursor_with_a_correct_checksum_is_refused(content: Any) -> None:  # noqa: ANN401  # any JSON value
    assert is_refused(SCOPE, forged(SCOPE, json.dumps(content).encode()))


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1,", b"[1, NaN]", b"[1, " + b"[" * 5_000, b"9" * 5_000], ids=len)
def test_a_forged_cursor_that_is_not_json_is_refused(content: bytes) -> None:
    assert is_refused(SCOPE, forged(SCOPE, content))


def test_a_forged_position_that_cannot_be_encoded_is_refused() -> None:
    assert is_refused(SCOPE, forged(SCOPE, rb'[1, "\ud800"]'))


def test_the_checksum_depends_on_the_whole_cursor() -> None:
    assert len(base64.urlsafe_b64decode(SCOPE.encode(["a"]) + "==")) > hashlib.sha256().digest_size // 4
