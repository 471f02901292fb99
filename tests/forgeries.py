"""Tokens that must be rejected, grouped by the verification step that rejects them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.issuer import Issuer
from tests.jws import Members, encode, with_changes
from tests.key_server import public_jwk

if TYPE_CHECKING:
    from tests.system.client import Api

NO_CHANGE: Final[Mapping[str, Any]] = {}
FAR_FUTURE: Final = 4_102_444_800  # 2100


@dataclass(frozen=True)
class Mint:
    """Issues tokens of one issuer: valid ones, or valid ones with some members changed.

    Attributes:
        key: The issuer's private key.
        kid: The key's id.
        issuer: The expected ``iss``.
        audience: The expected ``aud``.
        tenant: The tenant in the tokens.
    """

    key: rsa.RSAPrivateKey
    kid: str
    issuer: str
    audience: str
    tenant: str

    @classmethod
    def of_stack(cls, api: Api, tenant: str) -> Mint:
        """Return a mint with the key of a deployed stack's issuer."""
        issuer, parameters = Issuer(api.state.issuer_key), api.stack.parameters
        kid = issuer.jwks["keys"][0]["kid"]
        return cls(issuer._key, kid, parameters["TokenIssuer"], parameters["TokenAudience"], tenant)

    def claims(self, changes: Members = NO_CHANGE) -> bytes:
        """Return the payload; a member changed to ``...`` is omitted, and bytes replace the whole payload."""
        now = int(time.time())
        valid = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": "user-1",
            "jti": str(uuid.uuid4()),  # so that API Gateway has no cached authorizer result for the token
            "iat": now,
            "exp": now + 600,
            "tenants": [self.tenant],
            "scope": "installhub:export",
        }
        return with_changes(valid, changes)

    def header(self, changes: Members = NO_CHANGE) -> bytes:
        """Return the header, changed in the same way as `claims`."""
        return with_changes({"alg": "RS256", "typ": "JWT", "kid": self.kid}, changes)

    def unsigned(self, header: Members = NO_CHANGE, claims: Members = NO_CHANGE) -> str:
        """Return header and payload, encoded."""
        return f"{encode(self.header(header))}.{encode(self.claims(claims))}"

    def token(
        self, header: Members = NO_CHANGE, claims: Members = NO_CHANGE, key: rsa.RSAPrivateKey | None = None
    ) -> str:
        """Return a token with a valid signature, made with the issuer's key by default."""
        content = self.unsigned(header, claims)
        return f"{content}.{encode((key or self.key).sign(content.encode(), padding.PKCS1v15(), SHA256()))}"

    def mac(self, algorithm: str, secret: bytes, **header: Any) -> str:  # noqa: ANN401  # any JSON value
        """Return a token signed with a shared secret."""
        content = self.unsigned({"alg": algorithm, **header})
        digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
        return f"{content}.{encode(hmac.new(secret, content.encode(), digest).digest())}"


def with_duplicate(members: bytes, name: str, value: object) -> bytes:
    """Return ``members`` with a duplicate member: first ``value``, then the original value."""
    return b'{"%s": %s, %s' % (name.encode(), json.dumps(value).encode(), members[1:])


def algorithms(mint: Mint) -> dict[str, str]:
    """Return tokens with an algorithm other than RS256."""
    public = mint.key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = public_jwk(mint.key, mint.kid)
    tokens = {f"alg {name!r}": f"{mint.unsigned({'alg': name})}." for name in ("none", "None", "NONE", "nOnE", "")}
    tokens |= {
        f"alg {name!r} with a signature": mint.token({"alg": name}) for name in ("none", ..., None, 7, ["RS256"])
    }
    tokens |= {f"RS256 as {name}": mint.token({"alg": name}) for name in ("rs256", "RS256 ", "RS384", "RS512", "PS256")}
    tokens |= {
        "HS256 by the PEM": mint.mac("HS256", pem),
        "HS256 by the PEM without the final newline": mint.mac("HS256", pem.strip()),
        "HS256 by the DER": mint.mac("HS256", der),
        "HS256 by the JWK": mint.mac("HS256", json.dumps(jwk).encode()),
        "HS256 by the JWK without whitespace": mint.mac("HS256", json.dumps(jwk, separators=(",", ":")).encode()),
        "HS256 by the modulus": mint.mac("HS256", str(jwk["n"]).encode()),
        "HS256 by an empty secret, kid /dev/null": mint.mac("HS256", b"", kid="../../../../dev/null"),
        "HS512 by the PEM": mint.mac("HS512", pem),
        "two algs": mint.token(with_duplicate(mint.header(), "alg", "none")),
    }
    signing_input = mint.unsigned({"alg": "ES256"})
    signature = ec.generate_private_key(ec.SECP256R1()).sign(signing_input.encode(), ec.ECDSA(SHA256()))
    return {**tokens, "ES256": f"{signing_input}.{encode(signature)}"}


def attacker_keys(mint: Mint, attacker_key: rsa.RSAPrivateKey, address: str) -> dict[str, str]:
    """Return tokens whose headers contain the attacker's key or the ``address`` of the attacker's key server."""
    jwk = public_jwk(attacker_key, mint.kid)
    members: dict[str, Any] = {
        "jku": address,
        "x5u": address,
        "jwk": jwk,
        "x5c": [base64.b64encode(b"a certificate").decode()],
    }
    tokens = {
        f"{name}, by the attacker": mint.token({name: value}, key=attacker_key) for name, value in members.items()
    }
    tokens |= {f"{name}, by the issuer": mint.token({name: value}) for name, value in members.items()}
    tokens |= {
        f"{name}, kid of the attacker": mint.token({name: value, "kid": "mine"}, key=attacker_key)
        for name, value in members.items()
    }
    tokens |= {f"crit {value!r}": mint.token({"crit": value}) for value in (["exp"], ["b64"], [], "exp", None)}
    return {**tokens, "b64 false": mint.token({"b64": False}), "crit b64": mint.token({"crit": ["b64"], "b64": False})}


def bad_headers(mint: Mint) -> dict[str, str]:
    """Return tokens with an invalid key id, type or header, and text that is not a token."""
    kids: tuple[Any, ...] = (
        ...,
        None,
        "",
        7,
        1.5,
        True,
        [],
        {},
        [mint.kid],
        "x" * 257,
        "x" * 5000,
        "a\nb",
        "a\x00b",
        "\u2028",
        "\ud800",
    )
    types = ("secevent+jwt", "JWE", "", 7, None, ["JWT"])
    valid = mint.token()
    content, _, signature = valid.rpartition(".")
    header, payload = content.split(".")
    return {
        **{f"kid {number}, {kid!r:.20}": mint.token({"kid": kid}) for number, kid in enumerate(kids)},
        **{f"typ {kind!r}": mint.token({"typ": kind}) for kind in types},
        "two kids": mint.token(with_duplicate(mint.header(), "kid", "other")),
        "a header that is a list": mint.token(b"[]"),
        "a header that is not JSON": mint.token(b"{'alg': 'RS256'}"),
        "a header that is not UTF-8": mint.token(b'{"alg": "RS256", "kid": "\xff"}'),
        "a deeply nested header": mint.token(b'{"alg":' + b"[" * 2000 + b"]" * 2000 + b"}"),
        "a word": "garbage",
        "two parts": content,
        "four parts": f"{valid}.x",
        "five parts": f"{valid}.x.y",
        "empty parts": "..",
        "padding": f"{header}==.{payload}.{signature}",
        "plain base64": f"{header}.{payload}.+/{signature[2:]}",
        "over the limit": mint.token(claims={"filler": "x" * 7000}),
    }


def unknown_keys(mint: Mint, attacker_key: rsa.RSAPrivateKey, address: str) -> dict[str, str]:
    """Return tokens with a key id that the issuer has not published."""
    kids = (
        *(
            "other",
            mint.kid.swapcase(),
            f"{mint.kid} ",
            f" {mint.kid}",
            mint.kid[:-1],
            "*",
            "%",
            "0",
            "null",
            "x" * 256,
        ),
        *("../../../../dev/null", "/etc/passwd", "..\\..\\win.ini", "file:///dev/null", address, "|id", "$(id)"),
        *("' OR '1'='1", "x' UNION SELECT 'key' --", '"; DROP TABLE keys; --', '{"$ne": null}', "${jndi:ldap://x}"),
    )
    return {
        **{f"kid {kid!r:.30} by the attacker": mint.token({"kid": kid}, key=attacker_key) for kid in kids},
        **{f"kid {kid!r:.30} by the issuer": mint.token({"kid": kid}) for kid in kids},
    }


def bad_signatures(mint: Mint, attacker_key: rsa.RSAPrivateKey) -> dict[str, str]:
    """Return tokens with the issuer's key id but without a valid signature."""
    valid, other = mint.token(), mint.token()
    content, _, signature = valid.rpartition(".")
    raw = base64.urlsafe_b64decode(f"{signature}==")
    pss = mint.key.sign(content.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    sha512 = mint.key.sign(content.encode(), padding.PKCS1v15(), SHA512())
    signatures = {
        "none": b"",
        "a byte short": raw[:-1],
        "half": raw[:128],
        "a byte long": raw + b"\x00",
        "a byte in front": b"\x00" + raw,
        "one bit changed": bytes([raw[0] ^ 1]) + raw[1:],
        "last bit changed": raw[:-1] + bytes([raw[-1] ^ 1]),
        "zeros": bytes(256),
        "ones": b"\xff" * 256,
        "PSS": pss,
        "SHA-512": sha512,
    }
    return {
        "another key": mint.token(key=attacker_key),
        "another token's signature": f"{content}.{other.rpartition('.')[2]}",
        "another token's payload": f"{content.split('.')[0]}.{other.split('.')[1]}.{signature}",
        "another header": f"{encode(mint.header({'typ': 'at+jwt'}))}.{content.split('.')[1]}.{signature}",
        "tenants changed": f"{mint.unsigned(claims={'tenants': ['*']})}.{signature}",
        **{f"signature: {name}": f"{content}.{encode(value)}" for name, value in signatures.items()},
    }


def bad_claims(mint: Mint) -> dict[str, str]:
    """Return tokens with valid signatures whose claims are for another audience, out of date or malformed."""
    now = int(time.time())
    iss, aud = mint.issuer, mint.audience
    changes: dict[str, list[Any]] = {
        "iss": [..., None, "", "https://elsewhere.example/", f"{iss}/", f" {iss}", iss[:-1], iss.upper(), [iss], 7],
        "aud": [..., None, "", "another", f"{aud}2", aud[:-1], aud.upper(), [], ["another"], [[aud]], {aud: 1}, 7],
        "exp": [..., None, now - 61, now - 10**6, 0, -1, str(FAR_FUTURE), True, [FAR_FUTURE], {}, 10**15, 10**400],
        "nbf": [now + 600, FAR_FUTURE, str(now), True, -1],
        "iat": [str(now), True, -1, [], {}],
        "tenants": [7, [7], [""], [None], {"0": mint.tenant}, ["a\nb"], ["x" * 257], True, [[mint.tenant]]],
        "tenant_id": [7, {}, "a\x1bb"],
        "scope": [7, {}, ["installhub:export", 7], "x" * 257],
        "sub": [7, "two\nlines", [], "x" * 257],
    }
    duplicates: dict[str, Any] = {
        "tenants": ["another-tenant"],
        "exp": FAR_FUTURE,
        "iss": "https://elsewhere.example/",
        "aud": "another",
        "scope": "none",
    }
    payloads = {
        "a list": b"[]",
        "not JSON": b"{",
        "empty": b"",
        "not UTF-8": b'{"iss": "\xff"}',
        "NaN": b'{"exp": NaN}',
        "Infinity": mint.claims({"exp": ...})[:-1] + b', "exp": Infinity}',
        "deeply nested": b"[" * 2500,
    }
    return {
        **{
            f"{name} {number}, {value!r:.24}": mint.token(claims={name: value})
            for name, values in changes.items()
            for number, value in enumerate(values)
        },
        **{
            f"two {name}, the valid one last": mint.token(claims=with_duplicate(mint.claims(), name, value))
            for name, value in duplicates.items()
        },
        **{f"a payload: {name}": mint.token(claims=payload) for name, payload in payloads.items()},
    }
