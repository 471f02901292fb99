"""Mermaid flowcharts. Nodes have generated names, so that only labels contain what people wrote."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from installhub.graphs.graph import Graph, Node
from installhub.graphs.palette import MISSING, STYLES, UNPUBLISHED
from installhub.model.text import displayed

_CODE: Final = "#{};"
_WORD_JOINER: Final = "\u2060"
_PLACEHOLDERS: Final = {"\ufb02": f"\ufb02{_WORD_JOINER}", "\u00b6\u00df": f"\u00b6{_WORD_JOINER}\u00df"}
"""Mermaid writes ``#`` and ``;`` with these characters while it parses, and replaces all of them afterwards."""

_MARKS: Final = {
    "missing": f"fill:{MISSING.tint},stroke:{MISSING.light},color:#1f2328,stroke-width:2px,stroke-dasharray:5 3",
    "unpublished": f"stroke:{UNPUBLISHED.light},stroke-width:2px,stroke-dasharray:5 3",
    "root": "stroke:#1f2328,stroke-width:3px",
    "cyclic": f"stroke:{MISSING.light},stroke-width:3px",
}
"""Classes in addition to those of the types; of two that set the same property, the later one applies."""


def draw_mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart; edges lead from an artifact to what it depends on."""
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart TD"]
    members: dict[str, list[str]] = defaultdict(list)
    for node in graph.nodes:
        name = names[node.id]
        lines.append(f'  {name}["{_escaped(node.name)}<br/>{_escaped(node.id)}"]')
        for style in _classes(node):
            members[style].append(name)
    lines += [f"  {names[edge.source]} --> {names[edge.target]}" for edge in graph.edges]
    styles = {kind.value: f"fill:{style.tint},stroke:{style.light},color:#1f2328" for kind, style in STYLES.items()}
    for name, properties in {**styles, **_MARKS}.items():
        if name in members:
            lines.append(f"  classDef {name} {properties}")
            lines.append(f"  class {','.join(members[name])} {name}")
    if cyclic := [str(number) for number, edge in enumerate(graph.edges) if edge.in_cycle]:
        lines.append(f"  linkStyle {','.join(cyclic)} stroke:{MISSING.light},stroke-width:2px")
    return "\n".join([*lines, ""])


def _classes(node: Node) -> list[str]:
    classes = ["missing"] if node.type is None else [node.type.value]
    classes += ["unpublished"] * node.is_unpublished
    classes += ["root"] * node.is_root
    return classes + ["cyclic"] * node.in_cycle


def _escaped(text: str) -> str:
    """``text`` with an entity for everything but letters, digits and single spaces.

    Quotes, brackets, ``#`` and ``;`` have a meaning in Mermaid, and its labels may contain Markdown and HTML.
    """
    text = displayed(text)
    for placeholder, separated in _PLACEHOLDERS.items():
        text = text.replace(placeholder, separated)
    return "".join(
        character if character.isalnum() or character == " " else _CODE.format(ord(character)) for character in text
    )
