"""Ids in paths and texts in query strings: every printable id has a form that all gateways transmit unchanged."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from installhub.contract.artifact_ids import decode_path_id, decode_text, encode_path_id, encode_text
from tests.strategies import ids

LONGEST = "\N{OLD PERSIAN SIGN A}" * 256
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")  # RFC 3986, 2.3: never percent-encoded


def encoded(text: str) -> str:
    return "~" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(ids)
@example("batch")
@example(".")
@example("..")
@example("~")
@example("~YQ")
@example("%2F")
@example("a/b")
@example("a;b")
@example(" ")
@example(LONGEST)
@example("x" * 256)
def test_every_id_survives_a_path(artifact_id: str) -> None:
    segment = encode_path_id(artifact_id)

    assert decode_path_id(segment) == artifact_id
    assert UNRESERVED.fullmatch(segment)
    assert segment not in {".", "..", "batch"}


@given(ids.filter(lambda text: not text.startswith("~")))
def test_both_forms_of_an_id_are_accepted(artifact_id: str) -> None:
    assert decode_path_id(artifact_id) == artifact_id
    assert decode_path_id(encoded(artifact_id)) == artifact_id


@given(ids)
def test_different_ids_have_different_paths(artifact_id: str) -> None:
    assert encode_path_id(artifact_id + "x" if len(artifact_id) < 256 else "x") != encode_path_id(artifact_id)


@given(st.text(max_size=1_000))
def test_every_text_survives_a_query_string(text: str) -> None:
    assert decode_text(encode_text(text)) == text
    assert UNRESERVED.fullmatch(encode_text(text))


@pytest.mark.parametrize("plain", ["rule-1", "A.b_C-9", "...", "Batch", "-", "_"])
def test_a_plain_id_stands_as_it_is(plain: str) -> None:
    assert encode_path_id(plain) == plain


@pytest.mark.parametrize("reserved", [".", "..", "batch"])
def test_a_reserved_id_is_encoded_in_a_path_only(reserved: str) -> None:
    assert encode_path_id(reserved) == encoded(reserved)
    assert encode_text(reserved) == reserved


@pytest.mark.parametrize(
    "segment",
    [
        "",
        "~",
        "~=",
        "~Y",
        "~!",
        "~YQ%3D",
        "~YQ/",
        "~Y Q",
        "~é",
        "~\ud800",
        encoded("x" * 257),
        encoded("line\nbreak"),
        encoded("\N{LINE SEPARATOR}"),
        "~" + base64.urlsafe_b64encode(b"\xff").decode(),
        "~" + base64.urlsafe_b64encode(b"\xed\xa0\x80").decode(),
        "x" * 257,
        "a\x00",
        "\ud800",
    ],
    ids=ascii,
)
def test_what_is_not_an_id_is_not_decoded(segment: str) -> None:
    assert decode_path_id(segment) is None


@given(st.text(max_size=30) | st.text(max_size=30).map("~{}".format))
def test_any_segment_is_decoded_or_refused(segment: str) -> None:
    decoded = decode_path_id(segment)

    assert decoded is None or decode_path_id(encode_path_id(decoded)) == decoded
