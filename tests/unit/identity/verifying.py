"""What the tests of tokens verify with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from installhub.identity.tokens import InvalidTokenError, TokenFault, TokenPolicy, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Sequence

POLICY = TokenPolicy(issuer="https://issuer.example", audience="installhub")


class Issuer:
    """Publishes keys and counts how often it is asked for them."""

    def __init__(self, keys: Sequence[dict[str, object]]) -> None:
        self.keys = keys
        self.asked = 0

    def __call__(self) -> bytes:
        self.asked += 1
        return json.dumps({"keys": self.keys}).encode()


def fault_of(verifier: TokenVerifier, token: str) -> TokenFault:
    """What is wrong with a token, which must not be believed."""
    with pytest.raises(InvalidTokenError) as caught:
        verifier.verify(token)
    return caught.value.fault


def each(name: str, *values: object) -> list[dict[str, object]]:
    """A member with each of the values, in turn."""
    return [{name: value} for value in values]
