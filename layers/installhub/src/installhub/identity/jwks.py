"""The issuer's public keys: fetched as a JSON Web Key Set (RFC 7517), cached, and used during outages of the issuer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from installhub.model.base64url import base64url_decode
from installhub.model.strict_json import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_MIN_KEY_BITS = 2048
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


class KeysUnavailableError(Exception):
    """No usable key set has been obtained from the issuer yet, so that no token can be verified."""


class UnknownKeyError(Exception):
    """The issuer's current key set has no usable key with the requested id."""


class JwksCache:
    """Caches the issuer's keys by id and limits the rate of fetches.

    - A key set younger than ``max_age`` seconds is used without a fetch. An older one is fetched again first, which
      invalidates keys that the issuer has withdrawn.
    - An id that is missing from the set may belong to a new key, so it causes a fetch too, but not within ``cooldown``
      seconds of the last one. Tokens with made-up ids therefore cause at most one fetch per ``cooldown``.
    - If ``fetch`` raises ``KeysUnavailableError`` or ``OSError``, or returns no usable key set, the last good set
      remains in use until a fetch succeeds, and the next attempt is made after ``cooldown`` seconds.
    - Before the first good set, all tokens are rejected, so the interval is shorter: 1 second after the first failure,
      then doubling up to ``cooldown``.

    A lock is held during a fetch, so that concurrent callers share its result.

    Attributes:
        failure: Why the last fetch failed; None if it succeeded. To be logged by the caller.

    Args:
        fetch: Returns the key set as JSON.
        clock: Returns seconds; need not be epoch seconds.
        max_age: How long a key set is used without a fetch, in seconds.
        cooldown: Minimum interval between fetches, in seconds.

    Raises:
        ValueError: Unless 0 < cooldown <= max_age; a longer cooldown would keep withdrawn keys valid.
    """

    def __init__(
        self,
        fetch: Callable[[], bytes],
        clock: Callable[[], float] = time.monotonic,
        max_age: float = 300,
        cooldown: float = 30,
    ) -> None:
        if not 0 < cooldown <= max_age:
            raise ValueError("the cooldown must be above zero and not above the maximum age")
        self.failure: Exception | None = None
        self._fetch, self._clock, self._max_age, self._cooldown = fetch, clock, max_age, cooldown
        self._lock = threading.Lock()
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._stale_at = self._next_attempt = clock()
        self._pause = 0.5  # doubled by each failure, the first included

    def key(self, kid: str) -> RSAPublicKey:
        """Return the public key with the id ``kid``.

        Raises:
            UnknownKeyError: The issuer's key set has no usable key with this id.
            KeysUnavailableError: No key set has been obtained yet.
        """
        with self._lock:
            now = self._clock()
            if (now >= self._stale_at or kid not in self._keys) and now >= self._next_attempt:
                self._refresh(now)
            if not self._keys:
                raise KeysUnavailableError("the issuer has not returned a usable key set yet") from self.failure
            if kid not in self._keys:
                raise UnknownKeyError("the issuer's key set has no usable key with this id")
            return self._keys[kid]

    def _refresh(self, now: float) -> None:
        try:
            self._keys = parse_jwks(self._fetch())
        except (KeysUnavailableError, OSError) as failure:
            self.failure = failure
            self._pause = min(2 * self._pause, self._cooldown)
        else:
            self.failure = None
            self._stale_at = now + self._max_age
            self._pause = self._cooldown
        finally:
            self._next_attempt = self._clock() + self._pause


def parse_jwks(document: bytes) -> dict[str, RSAPublicKey]:
    """Return the keys of a JWK set (RFC 7517 section 5) that can verify RS256 signatures, by id.

    Ignored are keys of another type, use, operation or algorithm, with fewer than 2048 bits, without an id, malformed,
    or published with their private parameters; and keys that share an id, which would be ambiguous.

    Raises:
        KeysUnavailableError: The document is not a key set, or contains no usable key.
    """
    try:
        jwks = json_object(document).get("keys")
    except ValueError:
        raise KeysUnavailableError("the issuer's response is not a JSON object") from None
    entries = [jwk for jwk in jwks if isinstance(jwk, dict)] if isinstance(jwks, list) else []
    usable = [entry for entry in map(_usable_key, entries) if entry]
    counts = Counter(kid for kid, _ in usable)
    keys = {kid: key for kid, key in usable if counts[kid] == 1}
    if not keys:
        raise KeysUnavailableError("the issuer's key set has no usable key")
    return keys


def _usable_key(jwk: Mapping[str, object]) -> tuple[str, RSAPublicKey] | None:
    """Return the id and the key if the JWK can verify RS256 (RFC 7517 section 4, RFC 7518 section 6.3.1), or None."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers  # noqa: PLC0415 - slow to load

    kid, modulus, exponent = jwk.get("kid"), jwk.get("n"), jwk.get("e")
    operations = jwk.get("key_ops", ["verify"])
    if (
        (jwk.get("kty"), jwk.get("use", "sig"), jwk.get("alg", "RS256")) != ("RSA", "sig", "RS256")
        or not (isinstance(operations, list) and "verify" in operations)
        or not _PRIVATE_MEMBERS.isdisjoint(jwk)
        or not (isinstance(kid, str) and kid)
        or not (isinstance(modulus, str) and isinstance(exponent, str))
    ):
        return None
    try:
        e, n = (int.from_bytes(base64url_decode(number), "big") for number in (exponent, modulus))
        key = RSAPublicNumbers(e, n).public_key()
    except ValueError:
        return None
    return (kid, key) if key.key_size >= _MIN_KEY_BITS else None


def fetch(url: str, timeout: float = 3.0, max_bytes: int = 256 * 1024) -> bytes:
    """Fetch a document of the issuer from an http or https URL.

    Redirects are not followed and proxies are not used, so that the document always comes from this address.

    Args:
        url: Address of the document.
        timeout: Limit of each network operation, and of reading the whole body, in seconds.
        max_bytes: Maximum size of the body.

    Raises:
        KeysUnavailableError: The URL has another scheme, the response another status than 200, the response is too
            large or too slow, or the network or TLS failed.
    """
    from http import HTTPStatus, client  # noqa: PLC0415 - slow to load, and most functions fetch no keys
    from urllib import request  # noqa: PLC0415

    if not url.lower().startswith(("http://", "https://")):
        raise KeysUnavailableError("the address is neither http nor https")
    opener = request.OpenerDirector()
    opener.add_handler(request.HTTPHandler())
    opener.add_handler(request.HTTPSHandler())
    body = b""
    try:
        with opener.open(url, timeout=timeout) as response:
            deadline = time.monotonic() + timeout
            if response.status != HTTPStatus.OK:
                raise KeysUnavailableError(f"the issuer responded with status {response.status}")
            while part := response.read1(max_bytes + 1 - len(body)):
                body += part
                if len(body) > max_bytes or time.monotonic() > deadline:
                    raise KeysUnavailableError("the issuer's response is too large or too slow")
    except (OSError, client.HTTPException, ValueError) as error:
        raise KeysUnavailableError("the issuer could not be reached") from error
    return body


def json_object(data: bytes) -> dict[str, object]:
    """Parse a JSON object whose names are unique at every level (RFC 7515 section 4, RFC 7519 section 4).

    Raises:
        ValueError: Not UTF-8, not JSON, not an object, a duplicate name, or nested too deeply.
    """
    value = parse_json(data)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the data is wrong, not the call
    return value
