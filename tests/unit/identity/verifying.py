"""Helpers for token tests: a policy, an issuer and the fault of a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from installhub.identity.tokens import InvalidTokenError, TokenFault, TokenPolicy, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = 1_800_000_000
POLICY = TokenPolicy("https://issuer.example", frozenset({"installhub"}))


class Issuer:
    """Publishes keys and counts the fetches."""

    def __init__(self, keys: Sequence[dict[str, object]]) -> None:
        self.keys = keys
        self.fetches = 0

    def __call__(self) -> bytes:
        self.fetches += 1
        return json.dumps({"keys": self.keys}).encode()


def fault_of(verifier: TokenVerifier, token: str) -> TokenFault:
    """Return the fault for which a token is refused."""
    with pytest.raises(InvalidTokenError) as caught:
        verifier.verify(token)
    return caught.value.fault


def each(name: str, *values: object) -> list[dict[str, object]]:
    """Return an object with a single member for each of the values."""
    return [{name: value} for value in values]
