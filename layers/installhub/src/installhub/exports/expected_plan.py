"""The condition of an export that its plan is a previewed one, and how the plan differs if it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from installhub.model.errors import ErrorCode, Problem
from installhub.resolver.plan_tag import PlanDifference, compare, is_tag_of, name_by_key

if TYPE_CHECKING:
    from installhub.artifacts.catalog import TenantCatalog
    from installhub.resolver.plan import Plan

_ADDED: Final = "was not part of the preview"
_REMOVED: Final = "is no longer part of what would be exported"
_MODIFIED: Final = "has changed since the preview"
_DELETED: Final = "An artifact that no longer exists in the tenant was part of the preview."
_MORE: Final = "More artifacts differ from the preview than its ETag can name."
_NO_ARTIFACT: Final = (
    "No artifact differs from the preview, but something else does: the root artifacts, their order, or a limit."
)
_NO_TAG: Final = "If-Match contains no ETag of a preview."


def is_expected(plan: Plan, tenant: str, tags: Sequence[str] | None) -> bool:
    """Whether ``plan`` has one of ``tags``, if there are any to choose from."""
    return tags is None or any(is_tag_of(tag, plan, tenant) for tag in tags)


def plan_changes(catalog: TenantCatalog, plan: Plan, tenant: str, tags: Sequence[str]) -> list[Problem]:
    """A problem for each artifact in which ``plan`` differs from the one with the first of ``tags``.

    Only to name a removed artifact that is unknown otherwise are all edge items of the tenant read.
    """
    difference = compare(tags[0], plan, tenant) if tags else None
    if difference is None:
        return [Problem(ErrorCode.PLAN_CHANGED, _NO_TAG)]
    found: list[str] = []
    if difference.unnamed:
        found = name_by_key(difference.unnamed, (node.id for node in catalog.all_nodes()), tenant)
    return list(_problems(difference, found)) or [Problem(ErrorCode.PLAN_CHANGED, _NO_ARTIFACT)]


def _problems(difference: PlanDifference, found: Sequence[str]) -> Iterator[Problem]:
    for change, ids, detail in (
        ("added", difference.added, _ADDED),
        ("removed", (*difference.removed, *found), _REMOVED),
        ("modified", difference.modified, _MODIFIED),
    ):
        for artifact_id in ids:
            yield Problem(
                ErrorCode.PLAN_CHANGED, f"Artifact {artifact_id!r} {detail}.", artifact_id=artifact_id, change=change
            )
    for _ in range(len(difference.unnamed) - len(found)):
        yield Problem(ErrorCode.PLAN_CHANGED, _DELETED, change="removed")
    if not difference.is_complete:
        yield Problem(ErrorCode.PLAN_CHANGED, _MORE)
