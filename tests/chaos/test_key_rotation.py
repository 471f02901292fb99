"""The issuer changes its key, on a deployed stack and by the real clock."""

from __future__ import annotations

import time
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import rsa

from installhub.model.errors import ErrorCode
from tests.conftest import Record
from tests.forgeries import Mint
from tests.key_server import CountedAuthorizer, counted_authorizer, public_jwk
from tests.system.client import TENANT, Api
from tests.system.test_refusals import problem
from tests.system.test_who_may_call import PREVIEW

COOLDOWN_SECONDS = 30.5


def believed(authorizer: CountedAuthorizer, mint: Mint) -> bool:
    """Whether a fresh token is accepted; refused it is as any bad one."""
    answer = authorizer.api.preview(PREVIEW, token=mint.token())
    if answer.status_code != 200:
        problem(answer, ErrorCode.UNAUTHORIZED)
    return answer.status_code == 200


def test_a_key_is_rotated_in_and_the_old_one_out(api: Api, record: Record) -> None:
    new_key = rsa.generate_private_key(65537, 2048)
    old = Mint.of_stack(api, TENANT)
    new, newer = replace(old, key=new_key, kid="key-2"), replace(old, key=new_key, kid="key-3")
    with counted_authorizer(api) as authorizer:
        authorizer.restart()
        assert believed(authorizer, old)
        fetched = time.monotonic()
        assert authorizer.requests == 1

        authorizer.issuer.keys.append(public_jwk(new_key, "key-2"))
        assert not believed(authorizer, new)
        assert authorizer.requests == 1, "not within the cooldown of the last fetch"
        time.sleep(max(0, fetched + COOLDOWN_SECONDS - time.monotonic()))
        assert believed(authorizer, new)
        fetched = time.monotonic()
        assert believed(authorizer, old)
        assert authorizer.requests == 2

        del authorizer.issuer.keys[0]
        assert believed(authorizer, old), "a set is good for 300 s unless an unknown key makes it be fetched anew"
        time.sleep(max(0, fetched + COOLDOWN_SECONDS - time.monotonic()))
        assert not believed(authorizer, newer)
        assert authorizer.requests == 3
        assert not believed(authorizer, old)
        assert believed(authorizer, new)
        assert authorizer.requests == 3
    record("tokens", "A new key", "accepted within 30 s after publication; 1 request to the issuer")
    record("tokens", "A withdrawn key", "rejected after the next fetch; 1 request to the issuer")
