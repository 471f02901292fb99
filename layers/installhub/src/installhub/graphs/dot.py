"""DOT, the language of Graphviz. Nodes have generated names, so that only labels contain what people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from installhub.graphs.graph import Graph, Node
from installhub.graphs.palette import MISSING, UNPUBLISHED, style_of
from installhub.model.text import displayed

_DEFAULTS: Final = (
    'graph [rankdir=TB, fontname="sans-serif", labelloc=t]',
    'node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=11]',
    'edge [color="#8c959f", arrowsize=0.6]',
)


def draw_dot(graph: Graph) -> str:
    """The graph as a DOT document; edges lead from an artifact to what it depends on."""
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = [
        "digraph {",
        *(f"  {default};" for default in _DEFAULTS),
        f"  label={_quoted(graph.title)};",
        *(f"  {names[node.id]} [{', '.join(_attributes(node))}];" for node in graph.nodes),
    ]
    for edge in graph.edges:
        style = f' [color="{MISSING.light}", penwidth=2]' if edge.in_cycle else ""
        lines.append(f"  {names[edge.source]} -> {names[edge.target]}{style};")
    return "\n".join([*lines, "}\n"])


def _attributes(node: Node) -> Iterator[str]:
    style = style_of(node.type)
    kind = "does not exist" if node.type is None else node.type.value
    yield f"label={_quoted(node.name, node.id)}"
    yield f"tooltip={_quoted(kind, node.name, node.id)}"
    yield f'fillcolor="{style.tint}"'
    if node.is_missing or node.in_cycle:
        yield f'color="{MISSING.light}"'
    elif node.is_unpublished:
        yield f'color="{UNPUBLISHED.light}"'
    else:
        yield f'color="{style.light}"'
    if node.is_missing or node.is_unpublished:
        yield 'style="rounded,filled,dashed"'
    if node.is_root:
        yield "penwidth=3"
    elif node.in_cycle:
        yield "penwidth=2"


def _quoted(*lines: str) -> str:
    """A quoted string, whose backslashes and HTML entities Graphviz would otherwise interpret."""
    return '"' + "\\n".join(_escaped(displayed(line)) for line in lines) + '"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
