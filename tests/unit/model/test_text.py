"""Printable text, which is allowed in keys, entry names, headers and log lines."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.text import is_encodable, is_printable


@pytest.mark.parametrize(
    "text",
    ["", "proc-1001", " a b ", "größe", "漢字", "😀", "e\u0301", "a\u00a0b", "~!@#$%^&*()[]{}<>|\\/'\"`", "\ue000"],
)
def test_ordinary_text_of_any_script_is_printable(text: str) -> None:
    assert is_printable(text)


@pytest.mark.parametrize(
    "character",
    ["\x00", "\t", "\n", "\r", "\x1b", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\u2028", "\u2029", "\ud800"],
)
@pytest.mark.parametrize("around", ["{}", "a{}", "{}a", "é{}é"])
def test_controls_line_breaks_and_lone_surrogates_are_not_printable(character: str, around: str) -> None:
    assert not is_printable(around.format(character))


@given(st.text(st.characters(exclude_categories=[])))
def test_printable_text_breaks_no_line_and_can_be_encoded(text: str) -> None:
    if is_printable(text):
        assert len(text.splitlines()) <= 1
        assert text.encode().decode() == text
        assert "Cc" not in {unicodedata.category(character) for character in text}


@given(st.text(st.characters(exclude_categories=[])))
def test_text_is_encodable_if_utf_8_can_express_it(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        assert not is_encodable(text)
    else:
        assert is_encodable(text)
