"""Builds responses with previews, as JSON or as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from installhub.contract.graph_formats import GraphFormat
from installhub.contract.response_bodies import preview_body
from installhub.exports.preview_graph import preview_graph
from installhub.http.entity_tags import quoted_tag
from installhub.http.graph_responses import REVISION, picture_response
from installhub.http.responses import json_response
from installhub.resolver.plan_tag import plan_tag

if TYPE_CHECKING:
    from installhub.http.request import Request
    from installhub.http.response import Response
    from installhub.resolver.plan import Plan


_WITH_REFERENCES: Final = "references"


def preview_response(
    request: Request, plan: Plan, tenant: str, wanted: GraphFormat, *, with_references: bool
) -> Response:
    """A 200 with what an export would include. The ``ETag`` begins with the tag of the plan.

    Args:
        request: The request.
        plan: What was resolved.
        tenant: Id of the tenant.
        wanted: The format.
        with_references: Whether the plan includes the problems of references.
    """
    tag = plan_tag(plan, tenant)
    if wanted is GraphFormat.JSON:
        tag = f"{tag}.{_WITH_REFERENCES}" if with_references else tag
        return json_response(request, preview_body(plan), headers={"ETag": quoted_tag(tag)})
    headers = {"ETag": quoted_tag(f"{tag}.{wanted.value}-{REVISION}")}
    return picture_response(request, preview_graph(plan), wanted, headers)
