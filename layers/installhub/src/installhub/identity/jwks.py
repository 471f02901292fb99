"""The issuer's signing keys: fetched as a JSON Web Key Set (RFC 7517), cached, and kept through outages."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_MIN_KEY_BITS = 2048
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


class KeysUnavailableError(Exception):
    """The issuer returned no usable key set, and there was none before: no token can be verified for now."""


class UnknownKeyError(Exception):
    """The issuer's current key set has no usable key with that id."""


class JwksCache:
    """The issuer's keys by id, with as few fetches as safety allows.

    - A set younger than ``max_age`` seconds is used unchanged; an older one is fetched again first, which is when
      a key that the issuer has withdrawn becomes invalid.
    - An id missing from the set may belong to a new key and causes a fetch too, but not within ``cooldown``
      seconds of the last one: however many ids are invented, there is one fetch per ``cooldown``.
    - When ``fetch`` raises ``KeysUnavailableError`` or ``OSError``, or returns no usable set, the last good set
      remains in use for as long as that lasts, and the next attempt waits for ``cooldown``. The attribute
      ``failure`` holds the reason why the last attempt failed, or None: log or count it.
    - Before the first good set every caller is rejected, so the wait is shorter: 1 second after the first
      failure, then doubling up to ``cooldown``. A dead issuer is neither flooded nor awaited by every request.

    One lock is held during a fetch: concurrent callers share its result.

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
        """Return the public key with that id, which is compared exactly and used for nothing else.

        Raises:
            UnknownKeyError: The issuer has no such key.
            KeysUnavailableError: No key set was ever obtained.
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
    """Return the keys of a JWK set (RFC 7517 section 5) that can verify an RS256 signature, by id.

    Other keys are ignored: another type, use, operation or algorithm, fewer than 2048 bits, no id, malformed, or
    published with its private half. So are usable keys with the same id, which would be ambiguous.

    Raises:
        KeysUnavailableError: The document is not a key set, or contains no usable key.
    """
    try:
        jwks = json_object(document).get("keys")
    except ValueError:
        raise KeysUnavailableError("the issuer's response is not a JSON object") from None
    entries = [jwk for jwk in jwks if isinstance(jwk, dict)] if isinstance(jwks, list) else []
    found = [named for named in map(_named_key, entries) if named]
    uses = Counter(kid for kid, _ in found)
    keys = {kid: key for kid, key in found if uses[kid] == 1}
    if not keys:
        raise KeysUnavailableError("the issuer's key set has no usable key")
    return keys


def _named_key(jwk: Mapping[str, object]) -> tuple[str, RSAPublicKey] | None:
    """Return id and key of a JWK fit for RS256 (RFC 7517 section 4, RFC 7518 section 6.3.1), or None."""
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


def fetch_jwks(url: str, timeout: float = 3.0, max_bytes: int = 256 * 1024) -> bytes:
    """Return the body of a response with status 200 from an http or https URL.

    No redirect is followed and no proxy used, regardless of the environment: the keys come from that address
    or not at all. ``timeout``, in seconds, limits each wait on the network, and reading the body as a whole.

    Raises:
        KeysUnavailableError: Any other scheme or status, a network or TLS failure, too long or too slow a response.
    """
    from http import HTTPStatus, client  # noqa: PLC0415 - slow to load, and most functions fetch no keys
    from urllib import request  # noqa: PLC0415

    if not url.lower().startswith(("http://", "https://")):
        raise KeysUnavailableError("the key set's address is neither http nor https")
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
                    raise KeysUnavailableError("the issuer's response is too long or too slow")
    except (OSError, client.HTTPException, ValueError) as error:
        raise KeysUnavailableError("the issuer could not be reached") from error
    return body


def base64url_decode(text: str) -> bytes:
    """Decode base64url (RFC 7515 section 2); ``ValueError`` also for padding and stray bits."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError("not base64url")
    return data


def json_object(data: bytes) -> dict[str, object]:
    """Parse a JSON object whose names are unique at every level (RFC 7515 section 4, RFC 7519 section 4).

    Raises:
        ValueError: Not UTF-8, not JSON (NaN and Infinity are not), not an object, a repeated name, too deep.
    """
    try:  # int() receives the words NaN and Infinity, and rejects them
        value = json.loads(data.decode(), object_pairs_hook=_unique_members, parse_constant=int)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the data is wrong, not the call
    return value


def _unique_members(members: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(members)
    if len(unique) != len(members):
        raise ValueError("a name is repeated")
    return unique
