"""Tokens that must not be believed, over HTTP, and how often each of them makes the authorizer ask the issuer."""

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
from tests.system.test_refusals import problem
from tests.system.test_who_may_call import PREVIEW, ROUTES

FLOOD = 200
COOLDOWN_SECONDS = 30


@pytest.fixture(scope="module")
def counting(api: Api) -> Iterator[CountedAuthorizer]:
    with counted_authorizer(api) as authorizer:
        yield authorizer


@pytest.fixture
def authorizer(counting: CountedAuthorizer) -> CountedAuthorizer:
    """The stack's authorizer, which knows no keys yet."""
    counting.issuer.status = 200
    counting.restart()
    return counting


@pytest.fixture(scope="module")
def stranger() -> rsa.RSAPrivateKey:
    """The attacker's key."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def attacker(stranger: rsa.RSAPrivateKey) -> Iterator[KeyServer]:
    """The attacker's server, which publishes the attacker's key under any id that is tried."""
    with run_key_server(public_jwk(stranger, "mine")) as server:
        yield server


@pytest.fixture(scope="module")
def mint(api: Api) -> Mint:
    return Mint.of_stack(api, TENANT)


def refused(authorizer: CountedAuthorizer, tokens: dict[str, str]) -> int:
    """Send every token, each to the next of the routes; how often the issuer was asked meanwhile."""
    before = authorizer.requests
    for (name, token), (method, path, body) in zip(tokens.items(), cycle(ROUTES), strict=False):
        answer = authorizer.api.call(method, path, body, token=token)
        assert answer.status_code == 401, f"{name}: {answer.status_code} {answer.text}"
        problem(answer, ErrorCode.UNAUTHORIZED)
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"', name
    return authorizer.requests - before


def assert_believed(authorizer: CountedAuthorizer, token: str) -> None:
    answer = authorizer.api.preview(PREVIEW, token=token)
    assert answer.status_code == 200, answer.text


def summarize(tokens: dict[str, str], asked: int) -> str:
    return f"{len(tokens)} tokens rejected with 401; {asked} request{'' if asked == 1 else 's'} to the issuer"


def test_a_valid_token_is_accepted_and_its_key_fetched_once(
    authorizer: CountedAuthorizer, mint: Mint, record: Record
) -> None:
    for _ in range(20):
        assert_believed(authorizer, mint.token())

    assert authorizer.requests == 1
    record("tokens", "Good tokens", "20 tokens accepted; 1 request to the issuer", "each seen for the first time")


@pytest.mark.parametrize("group", ["Another algorithm", "An attacker's key", "A malformed header"])
def test_a_suspicious_header_is_refused_before_any_key_is_fetched(  # noqa: PLR0917  # fixtures
    authorizer: CountedAuthorizer,
    mint: Mint,
    stranger: rsa.RSAPrivateKey,
    attacker: KeyServer,
    group: str,
    record: Record,
) -> None:
    tokens = {
        "Another algorithm": lambda: forgeries.algorithms(mint),
        "An attacker's key": lambda: forgeries.attacker_keys(mint, stranger, attacker.url),
        "A malformed header": lambda: forgeries.bad_headers(mint),
    }[group]()

    assert refused(authorizer, tokens) == 0
    assert_believed(authorizer, mint.token())
    assert authorizer.requests == 1, "the issuer's server counts"
    record("tokens", group, summarize(tokens, 0), "sent to an authorizer without cached keys")


def test_an_unknown_key_is_fetched_once(  # fixtures
    authorizer: CountedAuthorizer, mint: Mint, stranger: rsa.RSAPrivateKey, attacker: KeyServer, record: Record
) -> None:
    tokens = forgeries.unknown_keys(mint, stranger, attacker.url)

    started = time.monotonic()
    asked = refused(authorizer, tokens)

    assert 1 <= asked <= 1 + (time.monotonic() - started) // COOLDOWN_SECONDS
    record("tokens", "An unknown key id", summarize(tokens, asked), "paths, SQL, URLs, near misses")


def test_a_signature_by_another_key_is_refused(
    authorizer: CountedAuthorizer, mint: Mint, stranger: rsa.RSAPrivateKey, record: Record
) -> None:
    tokens = forgeries.bad_signatures(mint, stranger)

    assert refused(authorizer, tokens) == 1
    assert_believed(authorizer, mint.token())
    assert authorizer.requests == 1
    record("tokens", "A wrong signature under the right key id", summarize(tokens, 1))


def test_claims_that_forbid_access_are_refused(authorizer: CountedAuthorizer, mint: Mint, record: Record) -> None:
    tokens = forgeries.bad_claims(mint)

    assert refused(authorizer, tokens) == 1
    assert_believed(authorizer, mint.token())
    assert authorizer.requests == 1
    record("tokens", "Wrong, missing or doubled claims", summarize(tokens, 1), "signed by the issuer")


def test_a_flood_of_invented_key_ids_hardly_reaches_the_issuer(
    authorizer: CountedAuthorizer, mint: Mint, stranger: rsa.RSAPrivateKey, record: Record
) -> None:
    assert_believed(authorizer, mint.token())
    tokens = {f"made up {number}": mint.token({"kid": f"made-up-{number}"}, key=stranger) for number in range(FLOOD)}

    started = time.monotonic()
    asked = refused(authorizer, tokens)

    assert asked <= 1 + (time.monotonic() - started) // COOLDOWN_SECONDS
    assert_believed(authorizer, mint.token())
    record("tokens", "A flood of invented key ids", summarize(tokens, asked), "the limit is one per process in 30 s")


def test_an_unreachable_issuer_is_a_503_and_not_a_401(
    authorizer: CountedAuthorizer, mint: Mint, record: Record
) -> None:
    """The emulator ends a function's process with every failure; how a process waits is an integration test."""
    authorizer.issuer.status = 503
    for _ in range(2):
        problem(authorizer.api.preview(PREVIEW, token=mint.token()), ErrorCode.SERVICE_UNAVAILABLE)
    assert authorizer.requests == 2

    authorizer.issuer.status = 200
    assert_believed(authorizer, mint.token())
    authorizer.issuer.status = 503
    for _ in range(20):
        assert_believed(authorizer, mint.token())
    assert authorizer.requests == 3
    record("tokens", "Issuer down, no keys cached", "2 requests answered with 503; 2 requests to the issuer")
    record("tokens", "Issuer down, keys cached", "20 tokens accepted; 0 requests to the issuer")


def test_the_attackers_server_gets_no_request(attacker: KeyServer, record: Record) -> None:
    """The last of this module: the tokens that name it were sent by then."""
    assert attacker.requested_paths == []
    requests.get(attacker.url, timeout=5)
    assert len(attacker.requested_paths) == 1, "the server counts"
    record("tokens", "Requests to the server named by jku, x5u or kid", "0")
