"""The tag of a plan: equal for equal plans, and enough to name the artifacts in which another plan differs.

Nothing is stored for a preview, so its tag has to say what it was. A tag is the digest of the plan, a dot, and either
a *list* of the ids and revisions, if that is short, or a *sketch* of constant size, from which about sixty
differences can be read (docs/decisions/0056). What follows a second dot belongs to the representation, not to the plan.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.model.artifact import MAX_ID_LENGTH
from installhub.model.errors import ErrorCode
from installhub.model.text import is_printable
from installhub.resolver.set_sketch import PRIME, SKETCH_BYTES, difference, sketch_of
from installhub.runtime.gc import gc_paused

if TYPE_CHECKING:
    from installhub.resolver.plan import Plan

MAX_TAG_LENGTH: Final = 2_700
"""Maximum length of a tag, so that it fits into the 4 KB that proxies may have for all headers of a response."""

_NOT_OF_THE_GRAPH: Final = frozenset(
    {ErrorCode.PACKAGE_TYPE_MISMATCH, ErrorCode.UNDECLARED_REFERENCE, ErrorCode.SECRET_FOUND}
)
"""Problems that depend on more than the artifacts: a preview has no package type, and policies can differ."""

_DIGEST_BYTES: Final = 24
_KEY_BYTES: Final = 6
_LISTED_REVISION_BYTES: Final = 4
_LIST: Final = "l"
_SKETCH: Final = "s"
_MAX_LISTED_IDS_BYTES: Final = 256 * 1024
"""Maximum size of the ids in a list, which protects from a compressed list that expands without limit."""


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """How a plan differs from the one with a tag.

    Attributes:
        added: Ids of artifacts that only the plan has.
        removed: Ids of artifacts that only the tagged plan had.
        modified: Ids of artifacts that both have, and that differ.
        unnamed: Keys of removed artifacts whose ids the tag does not contain; see :func:`name_by_key`.
        is_complete: False if there may be more differences.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    unnamed: frozenset[int] = frozenset()
    is_complete: bool = True


def plan_tag(plan: Plan, tenant: str) -> str:
    """The tag of a plan of ``tenant``, of characters that may occur in an entity tag."""
    revisions = _revisions(plan)
    return f"{_digest(plan, tenant, revisions)}.{_list(plan, revisions) or _sketch(plan, tenant, revisions)}"


def is_tag_of(tag: str, plan: Plan, tenant: str) -> bool:
    """Whether the plan with this tag equals ``plan``."""
    return tag.partition(".")[0] == _digest(plan, tenant, _revisions(plan))


def compare(tag: str, plan: Plan, tenant: str) -> PlanDifference | None:
    """How ``plan`` differs from the one with this tag; None if it is not a tag, but any text from a client."""
    _, _, contents = tag.partition(".")
    contents, _, _ = contents.partition(".")
    form, payload = contents[:1], _decode(contents[1:])
    if form == _LIST:
        return _compare_list(payload, plan)
    if form == _SKETCH and len(payload) == SKETCH_BYTES:
        return _compare_sketch(payload, plan, tenant)
    return None


def name_by_key(keys: frozenset[int], ids: Iterable[str], tenant: str) -> list[str]:
    """Those of ``ids`` that have one of these keys."""
    return [artifact_id for artifact_id in ids if _key(tenant, artifact_id) in keys]


@gc_paused()
def _revisions(plan: Plan) -> list[bytes]:
    return [bytes.fromhex(node.revision) for node in plan.closure.nodes.values()]


def _digest(plan: Plan, tenant: str, revisions: Sequence[bytes]) -> str:
    problems = [problem.as_json() for problem in plan.problems if problem.code not in _NOT_OF_THE_GRAPH]
    content = json.dumps([tenant, plan.closure.roots, plan.install_order, problems])
    digest = hashlib.sha256(hashlib.sha256(content.encode()).digest())
    for revision in revisions:
        digest.update(revision)
    return _encode(digest.digest()[:_DIGEST_BYTES])


def _list(plan: Plan, revisions: Sequence[bytes]) -> str | None:
    """The ids, compressed, and then the beginnings of the revisions; None if that is longer than a sketch."""
    if len(revisions) * _LISTED_REVISION_BYTES > SKETCH_BYTES:
        return None
    ids = "\n".join(plan.closure.nodes).encode()  # no id contains a control character
    payload = zlib.compress(ids, 9) + b"".join(revision[:_LISTED_REVISION_BYTES] for revision in revisions)
    return _LIST + _encode(payload) if len(payload) <= SKETCH_BYTES and len(ids) <= _MAX_LISTED_IDS_BYTES else None


def _compare_list(payload: bytes, plan: Plan) -> PlanDifference | None:
    inflated = zlib.decompressobj()
    try:
        ids = inflated.decompress(payload, _MAX_LISTED_IDS_BYTES).decode().split("\n")
    except (zlib.error, UnicodeDecodeError):
        return None
    listed = inflated.unused_data
    if not inflated.eof or len(listed) != len(ids) * _LISTED_REVISION_BYTES or not all(map(_is_id, ids)):
        return None
    starts = range(0, len(listed), _LISTED_REVISION_BYTES)
    before = dict(zip(ids, (listed[start : start + _LISTED_REVISION_BYTES] for start in starts), strict=True))
    now = dict(zip(plan.closure.nodes, _revisions(plan), strict=True))
    return PlanDifference(
        added=tuple(artifact_id for artifact_id in now if artifact_id not in before),
        removed=tuple(artifact_id for artifact_id in before if artifact_id not in now),
        modified=tuple(
            artifact_id
            for artifact_id, revision in now.items()
            if before.get(artifact_id, revision)[:_LISTED_REVISION_BYTES] != revision[:_LISTED_REVISION_BYTES]
        ),
    )


def _sketch(plan: Plan, tenant: str, revisions: Sequence[bytes]) -> str:
    return _SKETCH + _encode(sketch_of(_numbers(plan, tenant, revisions)))


def _compare_sketch(payload: bytes, plan: Plan, tenant: str) -> PlanDifference:
    found = difference(payload, _numbers(plan, tenant, _revisions(plan)))
    keys = {artifact_id: _key(tenant, artifact_id) for artifact_id in plan.closure.nodes}
    missing = name_by_key(found.removed, plan.closure.missing, tenant)
    return PlanDifference(
        added=tuple(artifact_id for artifact_id, key in keys.items() if key in found.added),
        removed=tuple(missing),
        modified=tuple(artifact_id for artifact_id, key in keys.items() if key in found.modified),
        unnamed=found.removed - {_key(tenant, artifact_id) for artifact_id in missing},
        is_complete=found.is_complete,
    )


def _numbers(plan: Plan, tenant: str, revisions: Sequence[bytes]) -> dict[int, int]:
    """The revisions by key, both as numbers of a sketch."""
    keys = (_key(tenant, artifact_id) for artifact_id in plan.closure.nodes)
    return dict(zip(keys, map(_number, revisions), strict=True))


def _key(tenant: str, artifact_id: str) -> int:
    return _number(hashlib.sha256(f"{tenant}\n{artifact_id}".encode()).digest())


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:_KEY_BYTES], "big") % PRIME


def _is_id(text: str) -> bool:
    return 0 < len(text) <= MAX_ID_LENGTH and is_printable(text)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """The inverse of :func:`_encode`; empty for a text that it did not return."""
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError:
        return b""
