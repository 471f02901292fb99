"""OpenID Connect Discovery 1.0: finds the address of an issuer's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from installhub.identity.jwks import KeysUnavailableError, fetch, json_object

if TYPE_CHECKING:
    from collections.abc import Callable

_WELL_KNOWN: Final = "/.well-known/openid-configuration"


class DiscoveredKeys:
    """Fetches the key set of an issuer from the address in its discovery document.

    The address is cached until a fetch of the keys fails, so a process usually fetches the discovery document once.
    """

    def __init__(self, issuer: str, fetch: Callable[[str], bytes] = fetch) -> None:
        self._issuer, self._fetch = issuer, fetch
        self._jwks_uri: str | None = None

    def __call__(self) -> bytes:
        """The issuer's key set.

        Raises:
            KeysUnavailableError: The discovery document or the key set cannot be fetched, or the document is invalid.
        """
        self._jwks_uri = self._jwks_uri or self._discover()
        try:
            return self._fetch(self._jwks_uri)
        except KeysUnavailableError:
            self._jwks_uri = None
            raise

    def _discover(self) -> str:
        """The ``jwks_uri`` of the document, whose ``issuer`` must be exactly this one (section 4.3)."""
        document = self._fetch(self._issuer.removesuffix("/") + _WELL_KNOWN)
        try:
            metadata = json_object(document)
        except ValueError:
            raise KeysUnavailableError("the issuer's discovery document is not a JSON object") from None
        if metadata.get("issuer") != self._issuer:
            raise KeysUnavailableError("the discovery document is of another issuer than TokenIssuer")
        jwks_uri = metadata.get("jwks_uri")
        if not isinstance(jwks_uri, str) or not jwks_uri.startswith(self._allowed_schemes()):
            raise KeysUnavailableError("the discovery document has no https address of a key set (jwks_uri)")
        return jwks_uri

    def _allowed_schemes(self) -> tuple[str, ...]:
        """The schemes of a key set's address; an issuer with TLS must not refer to a key set without TLS."""
        return ("https://",) if self._issuer.startswith("https://") else ("https://", "http://")
