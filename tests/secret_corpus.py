"""Definitions with and without secrets. Secrets are made when the tests run, so that scanners do not find them here."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

SAMPLES: Final = Path(__file__).parents[1] / "local" / "sample"

_ALPHANUMERIC: Final = string.ascii_letters + string.digits
_BASE64: Final = _ALPHANUMERIC + "+/"
_URL_SAFE: Final = _ALPHANUMERIC + "_-"
_HEX: Final = "0123456789abcdef"
_UPPER: Final = string.ascii_uppercase + string.digits
_BASE32: Final = string.ascii_uppercase + "234567"
_WORDS: Final = [
    "approval",
    "employee",
    "invoice",
    "contract",
    "onboarding",
    "key",
    "token",
    "password",
    "secret",
    "review",
    "the",
    "of",
    "a",
    "when",
    "manager",
    "signs",
    "form",
    "account",
    "access",
    "api",
    "please",
    "enter",
    "your",
    "at",
    "least",
    "twelve",
    "characters",
    "bearer",
    "basic",
    "authorization",
    "begin",
    "private",
    "public",
]


class Planted(NamedTuple):
    """A secret, and the rule that has to find it."""

    rule: str
    secret: str


def _some(alphabet: str, length: int, rng: random.Random) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _pem(kind: str, rng: random.Random, line_break: str = "\n", header: str = "") -> str:
    lines = [_some(_BASE64, 64, rng) for _ in range(12)]
    dashes = "-" * 5
    return line_break.join([f"{dashes}BEGIN {kind}{dashes}", *([header, ""] if header else []), *lines, f"{dashes}END"])


def planted() -> list[Planted]:
    """Forty secrets, of every rule, in their usual surroundings."""
    rng = random.Random(19)  # noqa: S311  # not cryptographic

    def some(alphabet: str, length: int) -> str:
        return _some(alphabet, length, rng)

    private, key = "PRIVATE " + "KEY", "Key="
    found = [
        ("private-key", _pem(private, rng)),
        ("private-key", _pem(f"RSA {private}", rng, "\r\n")),
        ("private-key", _pem(f"EC {private}", rng)),
        ("private-key", _pem(f"OPENSSH {private}", rng)),
        ("private-key", _pem(f"ENCRYPTED {private}", rng)),
        ("private-key", _pem(f"RSA {private}", rng, header="Proc-Type: 4,ENCRYPTED")),
        ("private-key", _pem(f"PGP {private} BLOCK", rng, header="Version: GnuPG v2")),
        ("private-key", json.dumps({"type": "service_account", "private_key": _pem(private, rng)})),
        ("private-key", f"PuTTY-User-Key-File-{'3'}: ssh-ed25519\nEncryption: none\n{some(_BASE64, 200)}"),
        ("private-key", "AGE-SECRET" + f"-KEY-1{some(_UPPER, 58)}"),
        ("aws-access-key", f"AK{'IA'}{some(_BASE32, 16)}"),
        ("aws-access-key", f"id=AS{'IA'}{some(_BASE32, 16)};"),
        ("aws-secret-key", f"aws_secret_access_{'key'} = {some(_BASE64, 40)}"),
        ("aws-secret-key", f"export AWS_SECRET_ACCESS_{'KEY'}='{some(_BASE64, 40)}'"),
        ("azure-key", f"DefaultEndpointsProtocol=https;AccountName=a;Account{key}{some(_BASE64, 86)}==;"),
        ("azure-key", f"Endpoint=sb://bus.example/;SharedAccess{key}{some(_BASE64, 43)}="),
        ("google-api-key", f"AI{'za'}{some(_URL_SAFE, 35)}"),
        ("google-oauth-secret", f"GOC{'SPX-'}{some(_URL_SAFE, 28)}"),
        *(("github-token", f"gh{kind}_{some(_ALPHANUMERIC, 36)}") for kind in "pos"),
        ("github-token", f"github{'_pat_'}{some(_ALPHANUMERIC, 22)}_{some(_ALPHANUMERIC, 59)}"),
        ("gitlab-token", f"gl{'pat-'}{some(_URL_SAFE, 20)}"),
        ("slack-token", f"xox{'b-'}{some(string.digits, 12)}-{some(string.digits, 12)}-{some(_ALPHANUMERIC, 24)}"),
        ("slack-token", f"Bearer xox{'p-'}{some(string.digits, 12)}-{some(string.digits, 12)}-{some(_HEX, 32)}"),
        ("slack-token", f"xa{'pp-'}1-A{some(_UPPER, 10)}-{some(string.digits, 13)}-{some(_HEX, 64)}"),
        (
            "slack-webhook",
            f"https://hooks.slack.{'com'}/services/T{some(_UPPER, 9)}/B{some(_UPPER, 9)}/{some(_HEX, 24)}",
        ),
        ("stripe-key", f"sk{'_live_'}{some(_ALPHANUMERIC, 24)}"),
        ("stripe-key", f"rk{'_live_'}{some(_ALPHANUMERIC, 99)}"),
        ("sendgrid-key", f"S{'G.'}{some(_URL_SAFE, 22)}.{some(_URL_SAFE, 43)}"),
        ("twilio-key", f"S{'K'}{some(_HEX, 32)}"),
        ("npm-token", f"//registry.npmjs.org/:_authToken=np{'m_'}{some(_ALPHANUMERIC, 36)}"),
        ("pypi-token", f"py{'pi-AgE'}IcHlwaS5vcmc{some(_URL_SAFE, 120)}"),
        ("openai-key", f"s{'k-'}{some(_ALPHANUMERIC, 20)}T3Blbk{'FJ'}{some(_ALPHANUMERIC, 20)}"),
        ("openai-key", f"s{'k-proj-'}{some(_URL_SAFE, 74)}T3Blbk{'FJ'}{some(_URL_SAFE, 74)}"),
        ("anthropic-key", f"s{'k-ant-'}api03-{some(_URL_SAFE, 93)}AA"),
        ("huggingface-token", f"h{'f_'}{some(string.ascii_letters, 34)}"),
        ("databricks-token", f"da{'pi'}{some(_HEX, 32)}"),
        ("digitalocean-token", f"do{'p_v1_'}{some(_HEX, 64)}"),
        ("shopify-token", f"shp{'at_'}{some(_HEX, 32)}"),
        ("vault-token", f"hv{'s.'}{some(_URL_SAFE, 95)}"),
        ("password-in-url", f"postgresql://app:{some(_ALPHANUMERIC, 12)}@db.example.com:5432/hr"),
        ("password-in-url", f"redis://:{some(_ALPHANUMERIC, 16)}@cache.example.com"),
        ("password-in-url", f"See https://deploy:{some(_ALPHANUMERIC, 8)}!@git.example.com/flows.git for details"),
    ]
    return [Planted(rule, secret) for rule, secret in found]


def harmless() -> Iterator[Any]:
    """Over five hundred definitions without secrets: those of the sample tenants, and what real ones may contain."""
    for path in sorted(SAMPLES.glob("*.json")):
        yield from (artifact["definition"] for artifact in json.loads(path.read_text()))
    rng = random.Random(7)  # noqa: S311  # not cryptographic
    for number in range(500):
        makers = rng.sample(_HARMLESS, 5)
        yield {
            "id": f"def-{number}",
            "version": rng.randrange(9),
            "steps": [{rng.choice(_WORDS): make(rng), "note": make(rng)} for make in makers],
            rng.choice(_WORDS): {make.__name__: make(rng) for make in makers},
        }


def _prose(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randrange(3, 60))).capitalize() + "."


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _hash(rng: random.Random) -> str:
    name = rng.choice(["md5", "sha1", "sha256", "sha512"])
    digest = hashlib.new(name, rng.randbytes(8)).digest()  # of any age, since definitions contain all of them
    return rng.choice([digest.hex(), digest.hex().upper(), f"{name}-{base64.b64encode(digest).decode()}"])


def _image(rng: random.Random) -> str:
    return f"data:image/png;base64,{base64.b64encode(rng.randbytes(rng.randrange(20, 6_000))).decode()}"


def _url(rng: random.Random) -> str:
    name = rng.choice(_WORDS)
    return rng.choice(
        [
            f"https://{name}.example.com:8443/{name}/@{name}?q=a:b@c",
            f"https://example.com/{_uuid(rng)}#{name}:{name}",
            f"mailto:{name}@example.com?cc=a:b@example.com",
            f"https://{{{{user}}}}:{{{{{name}}}}}@example.com/",
            f"https://${{USER}}:${{{name.upper()}}}@example.com/",
            f"https://<user>:<{name}>@example.com/",
            f"https://{name}:***@example.com/",
            f"ssh://git@example.com:22/{name}.git",
            f"git@example.com:{name}/{name}.git, see http://example.com: {name}@example.com",
        ]
    )


def _token_like(rng: random.Random) -> str:
    def part(size: int) -> str:
        return base64.urlsafe_b64encode(rng.randbytes(size)).rstrip(b"=").decode()

    header = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').rstrip(b"=").decode()
    return rng.choice(
        [
            f"{header}.{part(90)}.{part(256)}",
            f"{rng.choice(['sk', 'key', 'pk', 'tok'])}-{_uuid(rng)}",
            f"pk{'_live_'}{_some(_ALPHANUMERIC, 24, rng)}",
            f"sk{'_test_'}{_some(_ALPHANUMERIC, 24, rng)}",
            f"ghp_{rng.choice(_WORDS)}",
            f"A{'KIA'} and S{'K'} are prefixes; xox{'b-'}123-abc is too short",
            f"S{'G.'}{rng.choice(_WORDS)}.{rng.choice(_WORDS)}",
            f"SK{rng.randrange(10**9):09}",
            part(48),
        ]
    )


def _certificate(rng: random.Random) -> str:
    kind = rng.choice(["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE REQUEST"])
    private = "PRIVATE " + "KEY-----"
    hint = f"Paste your key here, from -----BEGIN {private} to -----END {private}"
    return rng.choice([_pem(kind, rng), hint, f"ssh-ed25519 {_some(_BASE64, 68, rng)} {rng.choice(_WORDS)}@host"])


def _template(rng: random.Random) -> str:
    name = rng.choice(_WORDS)
    return rng.choice(
        [
            f"password: {{{{ secrets.{name} }}}}",
            f"Authorization: Bearer ${{{name}}}",
            f"AccountKey=${{{name}}};SharedAccessKey=",
            f"aws_secret_access_key = var.{name}",
            f"if (password.length < 12) {{ throw '{name}' }}",
        ]
    )


def _id(rng: random.Random) -> str:
    return rng.choice([f"form-{rng.randrange(9999)}", f"proc_{rng.randrange(99)}", _some(_ALPHANUMERIC, 21, rng)])


_HARMLESS: Final[tuple[Callable[[random.Random], str], ...]] = (
    *(_prose, _uuid, _hash, _image, _url),
    *(_token_like, _certificate, _template, _id),
)
