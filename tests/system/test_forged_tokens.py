"""Forged and invalid tokens over HTTP, and how many requests to the issuer they cause."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import cycle

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from installhub.model.errors import ErrorCode
from tests import forgeries
from tests.conftest import Record
from tests.forgeries import Mint
from tests.key_server import CountedAuthorizer, KeyServer, counted_authorizer, public_jwk, run_key_server
from tests.system.client import TENANT, Api
from tests.system.test_authorization import PREVIEW, ROUTES
from tests.system.test_error_responses import assert_problem

FLOOD = 200
COOLDOWN_SECONDS = 30


@pytest.fixture(scope="module")
def shared_authorizer(api: Api) -> Iterator[CountedAuthorizer]:
    with counted_authorizer(api) as authorizer:
        yield authorizer


@pytest.fixture
def authorizer(shared_authorizer: CountedAuthorizer) -> CountedAuthorizer:
    """The stack's authorizer, with an empty key cache."""
    shared_authorizer.issuer.status = 200
    shared_authorizer.restart()
    return shared_authorizer


@pytest.fixture(scope="module")
def attacker_key() -> rsa.RSAPrivateKey:
    """The attacker's key."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def attacker_server(attacker_key: rsa.RSAPrivateKey) -> Iterator[KeyServer]:
    """The attacker's server, which publishes the attacker's key."""
    with run_key_server(public_jwk(attacker_key, "mine")) as server:
        yield server


@pytest.fixture(scope="module")
def mint(api: Api) -> Mint:
    return Mint.of_stack(api, TENANT)


def assert_rejected(authorizer: CountedAuthorizer, tokens: dict[str, str]) -> int:
    """Send each token to one of the routes, assert its rejection, and return the number of requests to the issuer."""
    before = authorizer.requests
    for (name, token), (method, path, body) in zip(tokens.items(), cycle(ROUTES), strict=False):
        response = authorizer.api.call(method, path, body, token=token)
        assert response.status_code == 401, f"{name}: {response.status_code} {response.text}"
        assert_problem(response, ErrorCode.UNAUTHORIZED)
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"', name
    return authorizer.requests - before


def assert_accepted(authorizer: CountedAuthorizer, token: str) -> None:
    response = authorizer.api.preview(PREVIEW, token=token)
    assert response.status_code == 200, response.text


def summarize(tokens: dict[str, str], key_requests: int) -> str:
    plural = "" if key_requests == 1 else "s"
    return f"{len(tokens)} tokens rejected with 401; {key_requests} request{plural} to the issuer"


def test_a_valid_token_is_accepted_and_its_key_fetched_once(
    authorizer: CountedAuthorizer, mint: Mint, record: Record
) -> None:
    for _ in range(20):
        assert_accepted(authorizer, mint.token())

    assert authorizer.requests == 1
    record("tokens", "Good tokens", "20 tokens accepted; 1 request to the issuer", "each seen for the first time")


@pytest.mark.parametrize("group", ["Another algorithm", "An attacker's key", "A malformed header"])
def test_a_suspicious_header_is_refused_before_any_key_is_fetched(  # noqa: PLR0917  # fixtures
    authorizer: CountedAuthorizer,
    mint: Mint,
    attacker_key: rsa.RSAPrivateKey,
    attacker_server: KeyServer,
    group: str,
    record: Record,
) -> None:
    tokens = {
        "Another algorithm": lambda: forgeries.algorithms(mint),
        "An attacker's key": lambda: forgeries.attacker_keys(mint, attacker_key, attacker_server.url),
        "A malformed header": lambda: forgeries.bad_headers(mint),
    }[group]()

    assert assert_rejected(authorizer, tokens) == 0
    assert_accepted(authorizer, mint.token())
    assert authorizer.requests == 1, "the key server counts requests"
    record("tokens", group, summarize(tokens, 0), "sent to an authorizer without cached keys")


def test_an_unknown_key_is_fetched_once(
    authorizer: CountedAuthorizer,
    mint: Mint,
    attacker_key: rsa.RSAPrivateKey,
    attacker_server: KeyServer,
    record: Record,
) -> None:
    tokens = forgeries.unknown_keys(mint, attacker_key, attacker_server.url)

    started = time.monotonic()
    key_requests = assert_rejected(authorizer, tokens)

    assert 1 <= key_requests <= 1 + (time.monotonic() - started) // COOLDOWN_SECONDS
    record("tokens", "An unknown key id", summarize(tokens, key_requests), "paths, SQL, URLs, near misses")


def test_a_signature_by_another_key_is_refused(
    authorizer: CountedAuthorizer, mint: Mint, attacker_key: rsa.RSAPrivateKey, record: Record
) -> None:
    tokens = forgeries.bad_signatures(mint, attacker_key)

    assert assert_rejected(authorizer, tokens) == 1
    assert_accepted(authorizer, mint.token())
    assert authorizer.requests == 1
    record("tokens", "A wrong signature under the right key id", summarize(tokens, 1))


def test_claims_that_forbid_access_are_refused(authorizer: CountedAuthorizer, mint: Mint, record: Record) -> None:
    tokens = forgeries.bad_claims(mint)

    assert assert_rejected(authorizer, tokens) == 1
    assert_accepted(authorizer, mint.token())
    assert authorizer.requests == 1
    record("tokens", "Wrong, missing or doubled claims", summarize(tokens, 1), "signed by the issuer")


def test_a_flood_of_invented_key_ids_hardly_reaches_the_issuer(
    authorizer: CountedAuthorizer, mint: Mint, attacker_key: rsa.RSAPrivateKey, record: Record
) -> None:
    assert_accepted(authorizer, mint.token())
    tokens = {
        f"invented {number}": mint.token({"kid": f"invented-{number}"}, key=attacker_key) for number in range(FLOOD)
    }

    started = time.monotonic()
    key_requests = assert_rejected(authorizer, tokens)

    assert key_requests <= 1 + (time.monotonic() - started) // COOLDOWN_SECONDS
    assert_accepted(authorizer, mint.token())
    record(
        "tokens", "A flood of invented key ids", summarize(tokens, key_requests), "the limit is one per process in 30 s"
    )


def test_an_unreachable_issuer_is_a_503_and_not_a_401(
    authorizer: CountedAuthorizer, mint: Mint, record: Record
) -> None:
    """The emulator ends a process after each failure; the cooldown within a process is covered by integration tests."""
    authorizer.issuer.status = 503
    for _ in range(2):
        assert_problem(authorizer.api.preview(PREVIEW, token=mint.token()), ErrorCode.SERVICE_UNAVAILABLE)
    assert authorizer.requests == 2

    authorizer.issuer.status = 200
    assert_accepted(authorizer, mint.token())
    authorizer.issuer.status = 503
    for _ in range(20):
        assert_accepted(authorizer, mint.token())
    assert authorizer.requests == 3
    record("tokens", "Issuer down, no keys cached", "2 requests answered with 503; 2 requests to the issuer")
    record("tokens", "Issuer down, keys cached", "20 tokens accepted; 0 requests to the issuer")


def test_the_attackers_server_gets_no_request(attacker_server: KeyServer, record: Record) -> None:
    """Must remain the last test of this module: the tokens that name the server have been sent by then."""
    assert attacker_server.requested_paths == []
    requests.get(attacker_server.url, timeout=5)
    assert len(attacker_server.requested_paths) == 1, "the server counts requests"
    record("tokens", "Requests to the server named by jku, x5u or kid", "0")
