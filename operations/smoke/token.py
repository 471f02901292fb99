"""Why a stack rejects a token: compares its claims with the stack's parameters."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

Claims = Mapping[str, Any]


def read_claims(token: str) -> Claims:
    """The claims of a token, unverified; empty if it is not a JWT."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def explain_rejection(claims: Claims, parameters: Mapping[str, str]) -> Iterator[str]:
    """Yield possible reasons for a 401, most likely first.

    Args:
        claims: The token's claims.
        parameters: The stack's parameters; empty if they are unknown.
    """
    if not claims:
        yield "it is not a JWT"
        return
    skew = int(parameters.get("ClockSkewSeconds", "60"))
    if float(claims.get("exp", 0)) + skew < time.time():
        yield f"it expired: exp is {_date(claims.get('exp'))}"
    if float(claims.get("nbf") or 0) - skew > time.time():
        yield f"it is not valid yet: nbf is {_date(claims['nbf'])}"
    if not parameters:
        yield f"its issuer is {claims.get('iss')!r}: is that exactly TokenIssuer?"
        yield f"its audience is {claims.get('aud')!r}: is it in TokenAudience? Without aud, see AudienceClaims"
        return
    if claims.get("iss") != parameters["TokenIssuer"]:
        yield f"its issuer is {claims.get('iss')!r}, and TokenIssuer is {parameters['TokenIssuer']!r}"
    yield from _audience(claims, parameters)
    keys = parameters["JwksUri"] or f"{parameters['TokenIssuer'].rstrip('/')}/.well-known/openid-configuration"
    yield f"its key, or its algorithm (RS256 is required), is not among those published at {keys}"


def _audience(claims: Claims, parameters: Mapping[str, str]) -> Iterator[str]:
    names = [name.strip() for name in parameters.get("AudienceClaims", "aud").split(",")]
    accepted = {audience.strip() for audience in parameters["TokenAudience"].split(",")}
    present = [claims[name] for name in names if claims.get(name)]
    if not present:
        yield f"it has none of the claims {', '.join(names)}: set AudienceClaims to the claim that has the audience"
    else:
        audiences = present[0] if isinstance(present[0], list) else [present[0]]
        if accepted.isdisjoint(audiences):
            yield f"its audience is {present[0]!r}, and TokenAudience is {parameters['TokenAudience']!r}"


def _date(seconds: object) -> str:
    if not isinstance(seconds, int | float):
        return repr(seconds)
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
