"""Searches artifacts for secrets when they are published.

Names of fields are searched as well as strings. A secret in the name of a field would be part of every pointer through
it, so a pointer ends before such a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from installhub.artifacts.secret_rules import MIN_SECRET_LENGTH, SecretMatch, may_contain_secrets, secrets_in
from installhub.model.definition import canonical_json, sha256_hex
from installhub.model.findings import FINGERPRINT_LENGTH, Finding
from installhub.model.json_strings import json_pointer, json_strings
from installhub.model.references import pack_references, unpack_references
from installhub.runtime.gc import gc_paused

if TYPE_CHECKING:
    from installhub.model.requirement import Requirement

MAX_FINDINGS: Final = 50
"""How many findings of one artifact are named; if there are more, one more finding says so."""

MAX_MATCHES: Final = 1_000
"""How often a rule may match before the search ends, which limits the time that hostile definitions take."""

MORE_FINDINGS: Final = "more-findings"
"""The rule of that finding."""

MAX_POINTER_BYTES: Final = 250
"""Maximum size of a pointer as JSON; a longer one ends at a container of what was found."""


@gc_paused()
def find_secrets(tenant: str, name: str, requirements: Iterable[Requirement], definition: bytes) -> list[Finding]:
    """What looks like a secret in an artifact, in the order of the document, each secret once per place.

    Args:
        tenant: Id of the tenant.
        name: Its display name.
        requirements: Its requirements.
        definition: Its definition as canonical JSON.
    """
    metadata = {"name": name, "requirements": [requirement.as_json() for requirement in requirements]}
    places: list[Iterator[Finding]] = []
    if may_contain_secrets(canonical_json(metadata)):
        places.append(_findings(tenant, metadata, []))
    if may_contain_secrets(definition):
        places.append(_findings(tenant, _parsed(definition), ["definition"]))
    matches = list(islice(chain.from_iterable(places), MAX_MATCHES + 1))
    found = list(dict.fromkeys(matches))
    if len(found) > MAX_FINDINGS or len(matches) > MAX_MATCHES:
        digest = sha256_hex(definition)  # acknowledging this finding is good for this definition only
        more = Finding(MORE_FINDINGS, "", _fingerprint(tenant, SecretMatch(MORE_FINDINGS, digest)))
        return [*found[:MAX_FINDINGS], more]
    return found


def without_secrets(references: bytes) -> bytes:
    """Packed references without those that contain what looks like a secret."""
    kept = [
        reference
        for reference in unpack_references(references)
        if not has_secret(reference.text) and not has_secret(reference.pointer.replace("~1", "/"))
    ]
    return pack_references(kept)


def has_secret(text: str) -> bool:
    """Whether ``text`` contains what looks like a secret."""
    return len(text) >= MIN_SECRET_LENGTH and next(secrets_in(text), None) is not None


def _parsed(definition: bytes) -> Any:  # noqa: ANN401  # any JSON value
    try:
        return json.loads(definition)
    except RecursionError:  # nested as deeply as just could be published; then it is searched as one text
        return definition.decode()


def _findings(tenant: str, document: Any, start: Sequence[str]) -> Iterator[Finding]:  # noqa: ANN401  # any JSON value
    for path, text in json_strings(document, names=True):
        if len(text) < MIN_SECRET_LENGTH:
            continue
        for secret in secrets_in(text):
            yield Finding(secret.rule, _pointer([*start, *path[1:]]), _fingerprint(tenant, secret))


def _pointer(parts: Sequence[str | int]) -> str:
    """The pointer to what has this path, or to the innermost of its containers that can be named."""
    pointer = ""
    for part in parts:
        longer = pointer + json_pointer([None, part])
        if len(canonical_json(longer)) > MAX_POINTER_BYTES or has_secret(str(part)) or has_secret(longer):
            break
        pointer = longer
    return pointer


def _fingerprint(tenant: str, secret: SecretMatch) -> str:
    return sha256_hex(canonical_json([tenant, *secret]))[:FINGERPRINT_LENGTH]
