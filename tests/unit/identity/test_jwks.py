"""When ``JwksCache`` asks the issuer, what it serves meanwhile, and which published keys it takes."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from installhub.identity.jwks import JwksCache, KeysUnavailableError, UnknownKeyError, parse_jwks

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class Issuer:
    """Answers with ``answer``, raises it, and notes when it was asked; each answer takes ``delay`` seconds."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.now = 1000.0
        self.delay = 0.0
        self.asked: list[float] = []

    def clock(self) -> float:
        return self.now

    def fetch(self) -> bytes:
        self.asked.append(self.now)
        self.now += self.delay
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


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


def test_nothing_is_fetched_before_a_key_is_wanted(issuer: Issuer, cache: JwksCache) -> None:
    assert issuer.asked == []
    assert cache.failure is None


def test_a_fresh_set_is_used_without_another_fetch(issuer: Issuer, cache: JwksCache, issuer_key: RSAPrivateKey) -> None:
    for _ in range(300):
        assert cache.key("first") == issuer_key.public_key()
        issuer.now += 0.999

    assert issuer.asked == [1000]


def test_an_old_set_is_refreshed_on_demand(issuer: Issuer, cache: JwksCache) -> None:
    for now in (1000, 1299, 1300, 1599, 1600, 9000):
        issuer.now = now
        cache.key("first")

    assert issuer.asked == [1000, 1300, 1600, 9000]


def test_a_withdrawn_key_is_refused_once_the_set_is_old(issuer: Issuer, cache: JwksCache, second: bytes) -> None:
    cache.key("first")
    issuer.answer = second
    issuer.now += 299
    cache.key("first")
    issuer.now += 1

    with pytest.raises(UnknownKeyError):
        cache.key("first")


def test_a_changed_key_of_the_same_kid_replaces_the_old(
    issuer: Issuer, cache: JwksCache, other_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]
) -> None:
    cache.key("first")
    issuer.answer = key_set(jwk(other_key, "first"))
    issuer.now += 300

    assert cache.key("first") == other_key.public_key()


# Unknown ids


def test_a_new_key_is_picked_up_at_once_when_the_cooldown_is_over(
    issuer: Issuer, cache: JwksCache, second: bytes, other_key: RSAPrivateKey
) -> None:
    cache.key("first")
    issuer.answer = second
    issuer.now += 29.9
    with pytest.raises(UnknownKeyError):
        cache.key("second")
    issuer.now += 0.1

    assert cache.key("second") == other_key.public_key()
    assert issuer.asked == [1000, 1030]


def test_a_flood_of_unknown_ids_reaches_the_issuer_once_a_cooldown(issuer: Issuer, cache: JwksCache) -> None:
    for number in range(1000):
        with pytest.raises(UnknownKeyError):
            cache.key(f"made-up-{number}")
        cache.key("first")
    assert issuer.asked == [1000]

    for number in range(1000):
        issuer.now += 0.1
        with pytest.raises(UnknownKeyError):
            cache.key(f"made-up-{number}")
    assert len(issuer.asked) == 1 + 3


def test_an_unknown_id_while_the_issuer_is_down_is_unknown_and_fetches_once_per_cooldown(
    issuer: Issuer, cache: JwksCache
) -> None:
    cache.key("first")
    issuer.answer = KeysUnavailableError("down")
    for _ in range(90):
        issuer.now += 1
        with pytest.raises(UnknownKeyError):
            cache.key("second")

    assert issuer.asked == [1000, 1030, 1060, 1090]


# Outages


@outages
def test_the_last_good_set_outlives_an_outage(
    issuer: Issuer, cache: JwksCache, issuer_key: RSAPrivateKey, outage: bytes | Exception
) -> None:
    cache.key("first")
    issuer.answer = outage
    for _ in range(3600):
        issuer.now += 1
        assert cache.key("first") == issuer_key.public_key()

    assert issuer.asked == [1000, *range(1300, 4601, 30)]
    assert cache.failure is not None


def test_the_end_of_an_outage_is_detected(
    issuer: Issuer, cache: JwksCache, second: bytes, other_key: RSAPrivateKey
) -> None:
    cache.key("first")
    issuer.now, issuer.answer = 1300, OSError()
    cache.key("first")
    issuer.now, issuer.answer = 1330, second

    assert cache.key("second") == other_key.public_key()
    assert cache.failure is None


@outages
def test_without_any_good_set_no_token_can_be_verified(
    issuer: Issuer, cache: JwksCache, outage: bytes | Exception
) -> None:
    issuer.answer = outage
    for _ in range(100):
        with pytest.raises(KeysUnavailableError) as caught:
            cache.key("first")
        assert isinstance(caught.value.__cause__, KeysUnavailableError | OSError)

    assert issuer.asked == [1000]


def test_the_first_failures_are_retried_soon_and_then_less_and_less(issuer: Issuer, cache: JwksCache) -> None:
    issuer.answer = KeysUnavailableError("down")
    for _ in range(121):
        with pytest.raises(KeysUnavailableError):
            cache.key("first")
        issuer.now += 1

    assert [asked - 1000 for asked in issuer.asked] == [0, 1, 3, 7, 15, 31, 61, 91]


def test_the_wait_begins_when_a_slow_failure_ends(issuer: Issuer, cache: JwksCache) -> None:
    issuer.answer, issuer.delay = TimeoutError(), 3
    for _ in range(2):
        with pytest.raises(KeysUnavailableError):
            cache.key("first")

    assert issuer.asked == [1000]


def test_the_first_good_response_ends_the_short_waits(issuer: Issuer, cache: JwksCache, first: bytes) -> None:
    issuer.answer = OSError()
    with pytest.raises(KeysUnavailableError):
        cache.key("first")
    issuer.answer = first
    issuer.now += 1
    cache.key("first")
    for _ in range(30):
        issuer.now += 1
        with pytest.raises(UnknownKeyError):
            cache.key("second")

    assert issuer.asked == [1000, 1001, 1031]


# Threads and settings


def test_simultaneous_callers_share_one_fetch(first: bytes, issuer_key: RSAPrivateKey) -> None:
    started, proceed = threading.Event(), threading.Event()
    asked = []

    def fetch() -> bytes:
        asked.append(1)
        started.set()
        assert proceed.wait(10)
        return first

    cache = JwksCache(fetch)
    with ThreadPoolExecutor(8) as pool:
        keys = [pool.submit(cache.key, "first") for _ in range(32)]
        assert started.wait(10)
        proceed.set()

    assert all(key.result() == issuer_key.public_key() for key in keys)
    assert len(asked) == 1


@pytest.mark.parametrize(("max_age", "cooldown"), [(10, 30), (10, 0), (0, 0), (-1, -1), (10, -1)])
def test_unsafe_cooldowns_are_refused(max_age: float, cooldown: float) -> None:
    with pytest.raises(ValueError, match="cooldown"):
        JwksCache(lambda: b"", max_age=max_age, cooldown=cooldown)


# Which keys are taken


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


def test_a_short_key_is_ignored(
    issuer_key: RSAPrivateKey, weak_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]
) -> None:
    assert list(parse_jwks(key_set(jwk(weak_key, "weak"), jwk(issuer_key, "good")))) == ["good"]


def test_usable_keys_that_share_an_id_are_all_ignored(
    issuer_key: RSAPrivateKey, other_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]
) -> None:
    keys = key_set(jwk(issuer_key, "same"), jwk(other_key, "same"), jwk(other_key, "good"))

    assert list(parse_jwks(keys)) == ["good"]


def test_an_unusable_key_with_the_same_id_does_no_harm(
    issuer_key: RSAPrivateKey, other_key: RSAPrivateKey, jwk: Callable[..., dict[str, object]]
) -> None:
    keys = key_set(jwk(other_key, "same", use="enc"), jwk(issuer_key, "same", use="sig"))

    assert parse_jwks(keys) == {"same": issuer_key.public_key()}
