"""The preconditions of requests that change artifacts or packages (RFC 9110, 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.http.entity_tags import is_strong, opaque_tag, requested_tags
from installhub.model.precondition import Precondition

if TYPE_CHECKING:
    from installhub.http.request import Request


def write_precondition(request: Request) -> Precondition:
    """What ``If-Match`` and ``If-None-Match`` require of what a request changes.

    Raises:
        InstallHubError: InvalidRequest, if a header is neither ``*`` nor a list of entity tags.
    """
    matching = requested_tags(request, "If-Match")
    excluded = requested_tags(request, "If-None-Match")
    return Precondition(
        # Weak tags never match, since If-Match compares strongly (RFC 9110, 13.1.1).
        revisions=None if matching is None else frozenset(map(opaque_tag, filter(is_strong, matching))),
        any_revision=matching == [],
        must_not_exist=excluded == [],
        excluded=frozenset(map(opaque_tag, excluded or ())),
    )
