"""Parsing of the Authorization header."""

from __future__ import annotations

import pytest

from installhub.identity.tokens import InvalidTokenError, TokenFault, bearer_token


@pytest.mark.parametrize("value", [None, "", " ", "\t "])
def test_without_an_authorization_header_there_is_no_token(value: str | None) -> None:
    assert bearer_token(value) is None


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc.def-_~+/==", "abc.def-_~+/=="),
        ("bearer abc", "abc"),
        ("BEARER   abc", "abc"),
        (" \tBearer abc \t", "abc"),
        ("Bearer Bearer", "Bearer"),
        ("Bearer XabcX", "XabcX"),
    ],
)
def test_the_scheme_is_case_insensitive_and_the_token_is_exact(value: str, token: str) -> None:
    assert bearer_token(value) == token


@pytest.mark.parametrize(
    "value",
    [
        *("Bearer", "Bearer ", "Bearerabc", "abc", "Basic dXNlcjpwYXNz", "Bearer abc def", "Bearer abc, Bearer def"),
        *("Bearer\tabc", "Bearer\u00a0abc", "Bearer abc\n", "Bearer a\r\nX: 1", "\nBearer abc", "Bearer a=b"),
        *("Bearer =", 'Bearer "abc"', "Bearer token=abc", "Bearer é", "Bearer ſ", "Bearer \ud800", "Ｂearer abc"),  # noqa: RUF001
    ],
)
def test_any_other_authorization_header_is_malformed(value: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        bearer_token(value)
    assert caught.value.fault is TokenFault.MALFORMED
