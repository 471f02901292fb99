"""Rotation of the issuer's key, on a deployed stack in real time."""

from __future__ import annotations

import time
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import rsa

from installhub.model.errors import ErrorCode
from tests.conftest import Record
from tests.forgeries import Mint
from tests.key_server import CountedAuthorizer, counted_authorizer, public_jwk
from tests.system.client import TENANT, Api
from tests.system.test_authorization import PREVIEW
from tests.system.test_error_responses import assert_problem

COOLDOWN_SECONDS = 30.5


def is_accepted(authorizer: CountedAuthorizer, mint: Mint) -> bool:
    """Return whether a new token is accepted, and assert that it is otherwise rejected as unauthorized."""
    response = authorizer.api.preview(PREVIEW, token=mint.token())
    if response.status_code != 200:
        assert_problem(response, ErrorCode.UNAUTHORIZED)
    return response.status_code == 200


def test_key_rotation_accepts_the_new_key_and_rejects_the_old_one(api: Api, record: Record) -> None:
    new_key = rsa.generate_private_key(65537, 2048)
    old = Mint.of_stack(api, TENANT)
    new, newer = replace(old, key=new_key, kid="key-2"), replace(old, key=new_key, kid="key-3")
    with counted_authorizer(api) as authorizer:
        authorizer.restart()
        assert is_accepted(authorizer, old)
        fetched_at = time.monotonic()
        assert authorizer.requests == 1

        authorizer.issuer.keys.append(public_jwk(new_key, "key-2"))
        assert not is_accepted(authorizer, new)
        assert authorizer.requests == 1, "no fetch within the cooldown"
        time.sleep(max(0, fetched_at + COOLDOWN_SECONDS - time.monotonic()))
        assert is_accepted(authorizer, new)
        fetched_at = time.monotonic()
        assert is_accepted(authorizer, old)
        assert authorizer.requests == 2

        del authorizer.issuer.keys[0]
        assert is_accepted(authorizer, old), "a key set is cached for 300 s unless an unknown key id triggers a fetch"
        time.sleep(max(0, fetched_at + COOLDOWN_SECONDS - time.monotonic()))
        assert not is_accepted(authorizer, newer)
        assert authorizer.requests == 3
        assert not is_accepted(authorizer, old)
        assert is_accepted(authorizer, new)
        assert authorizer.requests == 3
    record("tokens", "A new key", "accepted within 30 s after publication; 1 request to the issuer")
    record("tokens", "A withdrawn key", "rejected after the next fetch; 1 request to the issuer")
