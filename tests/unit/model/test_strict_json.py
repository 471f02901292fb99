"""Strict JSON: what parsers disagree about is refused, and everything else is read as ``json`` reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.strict_json import InvalidJsonError, parse_json
from tests.strategies import json_values


@given(json_values, st.booleans())
def test_every_json_value_is_read_as_it_was_written(value: Any, ascii_only: bool) -> None:  # noqa: ANN401, FBT001  # drawn
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass")) == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON: .* at character 2"),
        (b"{} {}", "is not JSON: Extra data at character 4"),
        (b"{'a': 1}", "is not JSON"),
        (b"[1,]", "is not JSON"),
        (b"// no comments\n1", "is not JSON"),
        (b"01", "is not JSON"),
        (b'"\x00"', "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        ("{}".encode("utf-16"), "is not UTF-8"),
        (b'"\xff"', "is not UTF-8"),
        (b'"\xed\xa0\x80"', "is not UTF-8"),
        (b'"\xc0\xaf"', "is not UTF-8"),
        (b"NaN", "contains NaN"),
        (b"[Infinity]", "contains Infinity"),
        (b'{"a": -Infinity}', "contains -Infinity"),
        (b'{"a": 1, "a": 1}', "the same name twice"),
        (b'[{"b": {"\\u0061": 1, "a": 2}}]', "the same name twice"),
        (b"9" * 5_000, "a number that is too long"),
        (b"-" + b"9" * 100_000, "a number that is too long"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b"[" * 2_000 + b"]" * 2_000, "is nested too deeply"),
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_a_text_that_parsers_read_differently_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(InvalidJsonError, match=reason):
        parse_json(content)


@given(st.binary(max_size=50) | st.text('{}[]",:0eE.-+\\utrNaI \n', max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        value = parse_json(content)
    except InvalidJsonError:
        return
    assert value == json.loads(content)
