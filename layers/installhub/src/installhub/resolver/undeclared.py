"""Finds undeclared references: definitions that contain the id of an artifact that is not declared as a dependency."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from installhub.model.errors import ErrorCode, Problem
from installhub.model.references import Reference, unpack_references

if TYPE_CHECKING:
    from installhub.resolver.closure import Closure


def undeclared_references(closure: Closure, existing: Callable[[Collection[str]], Collection[str]]) -> list[Problem]:
    """A problem for each artifact and each id that its definition contains without declaring it.

    If the definitions of some artifacts have not been searched for ids, because they were published before that was
    done, there is one more problem.

    Args:
        closure: The artifacts.
        existing: Returns which ids exist in the tenant.
    """
    references: dict[str, list[Reference]] = {}
    unsearched: list[str] = []
    for node in closure.nodes.values():
        if node.references is None:
            unsearched.append(node.id)
        elif found := unpack_references(node.references):
            references[node.id] = found
    texts = dict.fromkeys(reference.text for found in references.values() for reference in found)
    ids = frozenset(existing(texts)) if texts else frozenset()
    problems = [
        Problem(
            ErrorCode.UNDECLARED_REFERENCE,
            f"The definition of {artifact_id!r} contains {reference.text!r}, which is an artifact that is not declared "
            "as a dependency.",
            artifact_id=artifact_id,
            pointer=reference.pointer,
            reference=reference.text,
        )
        for artifact_id, found in references.items()
        for reference in found
        if reference.text in ids
    ]
    if unsearched:
        more = f" and {len(unsearched) - 1} more" if len(unsearched) > 1 else ""
        detail = (
            f"The definition of {unsearched[0]!r}{more} has not been searched for references, since it was published "
            "by an earlier version. Publish it again."
        )
        problems.append(Problem(ErrorCode.UNDECLARED_REFERENCE, detail))
    return problems
