"""The graph of a preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.graphs.graph import Graph, graph_of_artifacts

if TYPE_CHECKING:
    from installhub.resolver.plan import Plan


def preview_graph(plan: Plan) -> Graph:
    """What an export would include, and what keeps it from being exported."""
    closure = plan.closure
    first, *others = closure.root_nodes
    title = f"Preview of {first.name}{f' and {len(others)} more' if others else ''}"
    return graph_of_artifacts(title, closure.nodes, closure.roots, closure.missing, plan.cycles)
