"""Property tests: any input is either accepted or refused with `InvalidTokenError`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from installhub.identity.tokens import InvalidTokenError, TokenVerifier, bearer_token
from tests.jws import encode

if TYPE_CHECKING:
    from collections.abc import Callable


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
CLAIM_NAMES = ("iss", "aud", "exp", "nbf", "iat", "sub", "tenants", "tenant_id", "scope", "scp")
HEADER_NAMES = ("alg", "kid", "typ", "crit", "jku", "jwk", "x5u", "x5c", "b64", "cty", "zip")


@settings(deadline=None)
@given(position=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_any_changed_character_invalidates_a_token(
    warm_verifier: TokenVerifier, mint: Callable[..., str], position: float, mask: int
) -> None:
    token = mint({"tenants": ["t-1"], "scope": "installhub:export"})
    index = int(position * len(token))

    with pytest.raises(InvalidTokenError):
        warm_verifier.verify(token[:index] + chr(ord(token[index]) ^ mask) + token[index + 1 :])


@settings(deadline=None)
@given(text=st.text() | st.lists(st.binary().map(encode), min_size=3, max_size=3).map(".".join))
@example(text="e30.e30.")
@example(text="eyJhbGciOiJub25lIn0.e30.")
def test_arbitrary_text_is_refused(warm_verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(InvalidTokenError):
        warm_verifier.verify(text)


@settings(deadline=None)
@given(text=st.text() | st.from_regex(r"\A[Bb]earer +.*\Z"))
def test_any_authorization_header_is_parsed_or_refused(text: str) -> None:
    try:
        token = bearer_token(text)
    except InvalidTokenError:
        return
    assert token is None or (token and token in text and token.isascii())


@settings(deadline=None)
@given(
    claims=st.dictionaries(st.sampled_from(CLAIM_NAMES), JSON, max_size=3),
    header=st.dictionaries(st.sampled_from(HEADER_NAMES), JSON, max_size=1),
)
def test_any_signed_content_is_accepted_or_refused(
    warm_verifier: TokenVerifier, mint: Callable[..., str], claims: dict[str, Any], header: dict[str, Any]
) -> None:
    try:
        caller = warm_verifier.verify(mint(claims, header))
    except InvalidTokenError:
        return
    texts = [caller.subject, *caller.tenants, *caller.scopes]
    assert all(len(text) <= 256 and not any(character < " " for character in text) for text in texts)
    "".join(texts).encode()
    assert len(set(caller.tenants)) == len(caller.tenants)
