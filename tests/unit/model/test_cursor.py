"""Cursors are valid only for their list, tenant and filters."""

from __future__ import annotations

import base64
import json
import re

import pytest

from installhub.model import cursor as cursors
from installhub.model.cursor import CursorScope
from installhub.model.errors import ErrorCode, InstallHubError

SCOPE = CursorScope("artifacts", "t-1", {"type": "RuleSet", "status": None})


def is_refused(scope: CursorScope, cursor: str) -> bool:
    with pytest.raises(InstallHubError) as refusal:
        scope.decode(cursor)
    return refusal.value.code is ErrorCode.INVALID_CURSOR


def signed(scope: CursorScope, content: bytes) -> str:
    """Return a cursor that has the right checksum, which anybody can compute."""
    return base64.urlsafe_b64encode(scope._checksum(content) + content).decode().rstrip("=")


@pytest.mark.parametrize("position", [["E#=a"], ["", "b"], ["長\n#&=%"], ["x" * 1000]])
def test_a_cursor_leads_to_its_position_and_needs_no_encoding(position: list[str]) -> None:
    cursor = SCOPE.encode(position)

    assert SCOPE.decode(cursor) == position
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)


@pytest.mark.parametrize(
    "other",
    [
        CursorScope("packages", "t-1", SCOPE.filters),
        CursorScope("artifacts", "t-2", SCOPE.filters),
        CursorScope("artifacts", "t-1", {"type": "RuleSet", "status": "draft"}),
        CursorScope("artifacts", "t-1", {}),
    ],
)
def test_a_cursor_of_another_list_tenant_or_filter_is_refused(other: CursorScope) -> None:
    assert is_refused(SCOPE, other.encode(["E#=a"]))


def test_a_cursor_of_an_older_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "_VERSION", cursors._VERSION - 1)
    outdated = SCOPE.encode(["E#=a"])
    monkeypatch.undo()

    assert is_refused(SCOPE, outdated)


@pytest.mark.parametrize("content", [b"", b"[]", b"1", b"null", b"{}", b"[1", b"\xff", b'"x"'])
def test_a_forged_cursor_is_refused(content: bytes) -> None:
    assert is_refused(SCOPE, signed(SCOPE, content))


@pytest.mark.parametrize("text", ["", "a", "abcde", "é", "!", "A" * 40, json.dumps([1, "E#=a"])])
def test_any_other_text_is_refused(text: str) -> None:
    assert is_refused(SCOPE, text)


def test_a_cursor_with_one_changed_character_is_refused() -> None:
    cursor = SCOPE.encode(["E#=a"])

    for place, old in enumerate(cursor[:-1]):  # the last character has unused bits
        assert is_refused(SCOPE, cursor[:place] + ("A" if old != "A" else "B") + cursor[place + 1 :])
