"""Keys at the address of the issuer's discovery document."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from installhub.identity.discovery import DiscoveredKeys
from installhub.identity.jwks import KeysUnavailableError

ISSUER = "https://issuer.example"
WELL_KNOWN = f"{ISSUER}/.well-known/openid-configuration"
JWKS_URI = "https://keys.example/jwks"
KEYS = b'{"keys": []}'


def document(**changes: object) -> bytes:
    return json.dumps({"issuer": ISSUER, "jwks_uri": JWKS_URI, **changes}).encode()


@dataclass
class Web:
    """Addresses with their contents; an exception as content is raised."""

    contents: dict[str, Any] = field(default_factory=lambda: {WELL_KNOWN: document(), JWKS_URI: KEYS})
    requested: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.requested.append(url)
        content = self.contents[url]
        if isinstance(content, Exception):
            raise content
        assert isinstance(content, bytes)
        return content


def test_a_process_needs_one_discovery() -> None:
    web = Web()
    keys = DiscoveredKeys(ISSUER, web.fetch)

    assert [keys(), keys()] == [KEYS, KEYS]
    assert web.requested == [WELL_KNOWN, JWKS_URI, JWKS_URI]


@pytest.mark.parametrize("issuer", ["https://issuer.example/", "https://issuer.example/tenant/v2.0"])
def test_the_document_is_below_the_issuer(issuer: str) -> None:
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    web = Web({address: document(issuer=issuer), JWKS_URI: KEYS})

    assert DiscoveredKeys(issuer, web.fetch)() == KEYS


def test_after_a_failure_the_address_is_discovered_again() -> None:
    web = Web()
    keys = DiscoveredKeys(ISSUER, web.fetch)
    keys()
    web.contents = {
        WELL_KNOWN: document(jwks_uri="https://keys.example/moved"),
        "https://keys.example/moved": b"new",
        JWKS_URI: KeysUnavailableError("gone"),
    }

    with pytest.raises(KeysUnavailableError, match="gone"):
        keys()
    assert keys() == b"new"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"\xff",
        b'{"issuer": "https://issuer.example"}',
        document() + b"x",
        document(issuer="https://issuer.example/"),
        document(issuer="https://evil.example"),
        document(issuer=None),
        document(jwks_uri=None),
        document(jwks_uri=[JWKS_URI]),
        document(jwks_uri=""),
        document(jwks_uri="http://keys.example/jwks"),
        document(jwks_uri="file:///etc/passwd"),
        document(jwks_uri="HTTPS.example"),
        KeysUnavailableError("the issuer responded with status 302"),
    ],
    ids=lambda content: str(content)[-60:],
)
def test_an_unusable_document_leaves_the_keys_unavailable(content: bytes | Exception) -> None:
    web = Web({WELL_KNOWN: content, JWKS_URI: KEYS})

    with pytest.raises(KeysUnavailableError):
        DiscoveredKeys(ISSUER, web.fetch)()
    assert web.requested == [WELL_KNOWN]


@pytest.mark.parametrize("keys", ["http://localhost:8080/keys", "https://localhost/keys"])
def test_an_issuer_without_tls_may_have_keys_with_or_without_tls(keys: str) -> None:
    issuer = "http://localhost:8080"
    address = f"{issuer}/.well-known/openid-configuration"
    web = Web({address: document(issuer=issuer, jwks_uri=keys), keys: KEYS})

    assert DiscoveredKeys(issuer, web.fetch)() == KEYS
