"""``JwksCache``: when it fetches keys, what it returns during outages, and which published keys it accepts."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from installhub.identity.jwks import JwksCache, KeysUnavailableError, UnknownKeyError, parse_jwks

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class Issuer:
    """Returns or raises ``response`` after ``delay`` seconds, and records the time of each fetch."""

    def __init__(self, response: bytes | Exception) -> None:
        self.response = response
        self.now = 1000.0
        self.delay = 0.0
        self.fetch_times: list[float] = []

    def clock(self) -> float:
        return self.now

    def fetch(self) -> bytes:
        self.fetch_times.append(self.now)
        self.now += self.delay
        if isinstance(self.response, Exception):
            raise self.response
        return self.response


def each(name: str, *values: object) -> list[dict[str, object]]:
    return [{name: value} for value in values]


def key_set(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


@pytest.fixture
def first(issuer_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]) -> bytes:
    return key_set(jwk(issuer_key, "first"))


@pytest.fixture
def second(other_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]) -> bytes:
    return key_set(jwk(other_key, "second"))


@pytest.fixture
def issuer(first: bytes) -> Issuer:
    return Issuer(first)


@pytest.fixture
def cache(issuer: Issuer) -> JwksCache:
    return JwksCache(issuer.fetch, clock=issuer.clock)


OUTAGES = [
    KeysUnavailableError("down"),
    OSError("no route"),
    TimeoutError("slow"),
    b"",
    b"<html>Service unavailable</html>",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"{}",
    b'{"keys": null}',
    b'{"keys": {}}',
    b'{"keys": []}',
    b'{"keys": [null, 1, "key", [], {}]}',
    b'{"keys": [], "keys": []}',
    b'{"keys": ' + b"[" * 100_000,
    b'{"keys": [{"kty": "EC", "kid": "first", "crv": "P-256", "x": "AA", "y": "AA"}]}',
]
outages = pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: repr(outage)[:40])


# Freshness


def test_nothing_is_fetched_before_a_key_is_requested(issuer: Issuer, cache: JwksCache) -> None:
    assert issuer.fetch_times == []
    assert cache.failure is None


def test_a_fresh_set_is_used_without_another_fetch(issuer: Issuer, cache: JwksCache, issuer_key: RSAPrivateKey) -> None:
    for _ in range(300):
        assert cache.key("first") == issuer_key.public_key()
        issuer.now += 0.999

    assert issuer.fetch_times == [1000]


def test_an_old_set_is_refreshed_on_demand(issuer: Issuer, cache: JwksCache) -> None:
    for now in (1000, 1299, 1300, 1599, 1600, 9000):
        issuer.now = now
        cache.key("first")

    assert issuer.fetch_times == [1000, 1300, 1600, 9000]


def test_a_withdrawn_key_is_refused_once_the_set_is_old(issuer: Issuer, cache: JwksCache, second: bytes) -> None:
    cache.key("first")
    issuer.response = second
    issuer.now += 299
    cache.key("first")
    issuer.now += 1

    with pytest.raises(UnknownKeyError):
        cache.key("first")


def test_a_new_key_with_the_same_kid_replaces_the_old_one(
    issuer: Issuer, cache: JwksCache, other_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]
) -> None:
    cache.key("first")
    issuer.response = key_set(jwk(other_key, "first"))
    issuer.now += 300

    assert cache.key("first") == other_key.public_key()


# Unknown ids


def test_a_new_key_is_fetched_immediately_after_the_cooldown(
    issuer: Issuer, cache: JwksCache, second: bytes, other_key: RSAPrivateKey
) -> None:
    cache.key("first")
    issuer.response = second
    issuer.now += 29.9
    with pytest.raises(UnknownKeyError):
        cache.key("second")
    issuer.now += 0.1

    assert cache.key("second") == other_key.public_key()
    assert issuer.fetch_times == [1000, 1030]


def test_a_flood_of_unknown_ids_reaches_the_issuer_once_a_cooldown(issuer: Issuer, cache: JwksCache) -> None:
    for number in range(1000):
        with pytest.raises(UnknownKeyError):
            cache.key(f"unknown-{number}")
        cache.key("first")
    assert issuer.fetch_times == [1000]

    for number in range(1000):
        issuer.now += 0.1
        with pytest.raises(UnknownKeyError):
            cache.key(f"unknown-{number}")
    assert len(issuer.fetch_times) == 1 + 3


def test_an_unknown_id_while_the_issuer_is_down_is_unknown_and_fetches_once_per_cooldown(
    issuer: Issuer, cache: JwksCache
) -> None:
    cache.key("first")
    issuer.response = KeysUnavailableError("down")
    for _ in range(90):
        issuer.now += 1
        with pytest.raises(UnknownKeyError):
            cache.key("second")

    assert issuer.fetch_times == [1000, 1030, 1060, 1090]


# Outages


@outages
def test_the_last_good_set_outlives_an_outage(
    issuer: Issuer, cache: JwksCache, issuer_key: RSAPrivateKey, outage: bytes | Exception
) -> None:
    cache.key("first")
    issuer.response = outage
    for _ in range(3600):
        issuer.now += 1
        assert cache.key("first") == issuer_key.public_key()

    assert issuer.fetch_times == [1000, *range(1300, 4601, 30)]
    assert cache.failure is not None


def test_the_end_of_an_outage_is_detected(
    issuer: Issuer, cache: JwksCache, second: bytes, other_key: RSAPrivateKey
) -> None:
    cache.key("first")
    issuer.now, issuer.response = 1300, OSError()
    cache.key("first")
    issuer.now, issuer.response = 1330, second

    assert cache.key("second") == other_key.public_key()
    assert cache.failure is None


@outages
def test_without_a_valid_set_no_key_is_available(issuer: Issuer, cache: JwksCache, outage: bytes | Exception) -> None:
    issuer.response = outage
    for _ in range(100):
        with pytest.raises(KeysUnavailableError) as caught:
            cache.key("first")
        assert isinstance(caught.value.__cause__, KeysUnavailableError | OSError)

    assert issuer.fetch_times == [1000]


def test_the_first_failures_are_retried_with_exponential_backoff(issuer: Issuer, cache: JwksCache) -> None:
    issuer.response = KeysUnavailableError("down")
    for _ in range(121):
        with pytest.raises(KeysUnavailableError):
            cache.key("first")
        issuer.now += 1

    assert [time - 1000 for time in issuer.fetch_times] == [0, 1, 3, 7, 15, 31, 61, 91]


def test_the_cooldown_starts_at_the_end_of_a_slow_failure(issuer: Issuer, cache: JwksCache) -> None:
    issuer.response, issuer.delay = TimeoutError(), 3
    for _ in range(2):
        with pytest.raises(KeysUnavailableError):
            cache.key("first")

    assert issuer.fetch_times == [1000]


def test_the_first_valid_response_ends_the_backoff(issuer: Issuer, cache: JwksCache, first: bytes) -> None:
    issuer.response = OSError()
    with pytest.raises(KeysUnavailableError):
        cache.key("first")
    issuer.response = first
    issuer.now += 1
    cache.key("first")
    for _ in range(30):
        issuer.now += 1
        with pytest.raises(UnknownKeyError):
            cache.key("second")

    assert issuer.fetch_times == [1000, 1001, 1031]


# Threads and settings


def test_simultaneous_callers_share_one_fetch(first: bytes, issuer_key: RSAPrivateKey) -> None:
    started, proceed = threading.Event(), threading.Event()
    fetches = []

    def fetch() -> bytes:
        fetches.append(1)
        started.set()
        assert proceed.wait(10)
        return first

    cache = JwksCache(fetch)
    with ThreadPoolExecutor(8) as pool:
        keys = [pool.submit(cache.key, "first") for _ in range(32)]
        assert started.wait(10)
        proceed.set()

    assert all(key.result() == issuer_key.public_key() for key in keys)
    assert len(fetches) == 1


@pytest.mark.parametrize(("max_age", "cooldown"), [(10, 30), (10, 0), (0, 0), (-1, -1), (10, -1)])
def test_unsafe_cooldowns_are_refused(max_age: float, cooldown: float) -> None:
    with pytest.raises(ValueError, match="cooldown"):
        JwksCache(lambda: b"", max_age=max_age, cooldown=cooldown)


@pytest.mark.parametrize(("max_age", "cooldown"), [(10, 10), (10, 0.5), (10, 1)])
def test_a_cooldown_up_to_the_maximum_age_is_possible(max_age: float, cooldown: float) -> None:
    JwksCache(lambda: b"", max_age=max_age, cooldown=cooldown)


# Accepted keys


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "sig"},
        {"alg": "RS256"},
        {"key_ops": ["verify"]},
        {"key_ops": ["sign", "verify"]},
        {"x5c": ["..."], "x5t": "...", "ext": True},
    ],
    ids=repr,
)
def test_keys_for_rs256_are_accepted(
    issuer_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]], changes: dict[str, object]
) -> None:
    assert parse_jwks(key_set(jwk(issuer_key, "kid", **changes))) == {"kid": issuer_key.public_key()}


@pytest.mark.parametrize(
    "changes",
    [
        *each("kty", ..., "EC", "oct", "rsa", None, ["RSA"]),
        *each("use", "enc", "SIG", "", None),
        *each("alg", "RS384", "PS256", "HS256", "RSA-OAEP", "none", None),
        *each("key_ops", [], ["sign"], ["encrypt"], "verify", {"verify": 1}, None),
        *each("kid", ..., "", None, 1, ["kid"], {}),
        *each("n", ..., "", None, 1, [], "AQAB", "AA", "A", "not base64!", "é", "\ud800"),
        *each("e", ..., "", None, 65537, "AA", "AQ", "Ag", "AQAB==", "+/+/"),
        *({name: "AQAB"} for name in ("d", "p", "q", "dp", "dq", "qi")),
        {"oth": []},
        {"d": None},
    ],
    ids=repr,
)
def test_any_other_key_is_ignored(
    issuer_key: RSAPrivateKey,
    other_key: RSAPrivateKey,
    jwk: Callable[..., dict[str, object]],
    changes: dict[str, object],
) -> None:
    bad = jwk(issuer_key, "bad") | changes
    bad = {name: value for name, value in bad.items() if value is not ...}

    assert list(parse_jwks(key_set(bad, jwk(other_key, "good")))) == ["good"]


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_key_is_ignored(issuer_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]], bits: int) -> None:
    short = rsa.generate_private_key(65537, bits)

    assert list(parse_jwks(key_set(jwk(short, "weak"), jwk(issuer_key, "good")))) == ["good"]


def test_usable_keys_that_share_an_id_are_all_ignored(
    issuer_key: RSAPrivateKey, other_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]
) -> None:
    keys = key_set(jwk(issuer_key, "same"), jwk(other_key, "same"), jwk(other_key, "good"))

    assert list(parse_jwks(keys)) == ["good"]


def test_an_unusable_key_with_the_same_id_is_ignored(
    issuer_key: RSAPrivateKey, other_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]
) -> None:
    keys = key_set(jwk(other_key, "same", use="enc"), jwk(issuer_key, "same", use="sig"))

    assert parse_jwks(keys) == {"same": issuer_key.public_key()}
