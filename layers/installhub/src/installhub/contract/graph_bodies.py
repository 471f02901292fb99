"""Builds the JSON of a dependency graph; :mod:`installhub.contract.graph_models` describes its fields."""

from __future__ import annotations

from typing import Any

from installhub.graphs.graph import Graph
from installhub.model.package import PackageDescription


def graph_body(package: PackageDescription, graph: Graph) -> dict[str, Any]:
    """The body for the graph of a package."""
    return {
        "packageId": package.package_id,
        "packageName": package.name,
        "version": package.version,
        "nodes": [
            {"id": node.id, "type": node.type, "name": node.name, "isRoot": node.is_root} for node in graph.nodes
        ],
        "edges": [{"from": edge.source, "to": edge.target} for edge in graph.edges],
    }
