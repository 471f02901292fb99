"""Tests of base64url without padding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.model.base64url import base64url_decode, base64url_encode


@pytest.mark.parametrize(("text", "data"), [("AAAX", b"\x00\x00\x17"), ("XX", None), ("Xw", b"_"), ("", b"")])
def test_only_canonical_base64url_is_decoded(text: str, data: bytes | None) -> None:
    if data is None:
        with pytest.raises(ValueError, match="base64url"):
            base64url_decode(text)
    else:
        assert base64url_decode(text) == data


@given(st.binary())
def test_decoding_is_the_inverse_of_encoding(data: bytes) -> None:
    assert base64url_decode(base64url_encode(data)) == data
