from __future__ import annotations

import stat
import time
from pathlib import Path

import jwt
import pytest

from local.issuer import Issuer


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("issuer") / "issuer.pem"


def _claims(issuer: Issuer, lifetime: int, *, verify_exp: bool = True) -> dict[str, object]:
    token = issuer.token("https://issuer.example/", "installhub", ["a", "b"], "installhub:export", lifetime)
    key = jwt.PyJWKSet.from_dict(issuer.jwks)[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, object] = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience="installhub",
        issuer="https://issuer.example/",
        options={"require": ["iss", "aud", "sub", "iat", "nbf", "exp"], "verify_exp": verify_exp},
    )
    return claims


def test_a_token_is_verified_with_the_public_keys(key_file: Path) -> None:
    claims = _claims(Issuer(key_file), 60)
    assert claims["tenants"] == ["a", "b"]
    assert claims["scope"] == "installhub:export"


def test_a_negative_lifetime_yields_an_expired_token(key_file: Path) -> None:
    issuer = Issuer(key_file)
    with pytest.raises(jwt.ExpiredSignatureError):
        _claims(issuer, -5)
    claims = _claims(issuer, -5, verify_exp=False)
    assert isinstance(claims["iat"], int)
    assert isinstance(claims["exp"], int)
    assert claims["iat"] < claims["exp"] < time.time()


def test_the_key_file_is_kept_and_readable_by_its_owner_only(key_file: Path) -> None:
    assert Issuer(key_file).jwks == Issuer(key_file).jwks
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_the_public_keys_contain_no_private_members(key_file: Path) -> None:
    (key,) = Issuer(key_file).jwks["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}
