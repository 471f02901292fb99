"""The artifacts in an SVG, and the lines between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from installhub.graphs.graph import Graph, Node
from installhub.graphs.labels import width_of
from installhub.graphs.layout import BOX_HEIGHT, Arrow, Layout, Line
from installhub.graphs.palette import style_of
from installhub.graphs.svg_style import FONT_SIZES
from installhub.graphs.svg_text import label, xml_text

STRIPE: Final = 28
"""Width of the part of a box that has the color of the type."""

PADDING: Final = 8
"""Space to the left and right of the labels in a box."""

_CORNER: Final = 6
_TAG_STYLES: Final = {"root": "root", "missing": "missing", "in a cycle": "cycle"}


def draw_nodes(graph: Graph, layout: Layout, box_width: int) -> Iterator[str]:
    """Yield a group per artifact with the lines that lead to it, so that pointing at any of these highlights all."""
    lines: dict[str, list[Line]] = defaultdict(list)
    arrows: dict[str, list[Arrow]] = defaultdict(list)
    for line in layout.lines:
        lines[line.target].append(line)
    for arrow in layout.arrows:
        arrows[arrow.target].append(arrow)
    loops = {edge.source for edge in graph.edges if edge.source == edge.target}
    requires = Counter(edge.source for edge in graph.edges)
    required = Counter(edge.target for edge in graph.edges)
    for node in graph.nodes:
        x, y = layout.boxes[node.id]
        parts = [
            f'<g class="{_classes(node)}"><title>{xml_text(_tooltip(node))}',
            f"\nDepends on {requires[node.id]}, required by {required[node.id]}</title>",
            _path(lines[node.id], arrows[node.id], in_cycle=False),
            _path(lines[node.id], arrows[node.id], in_cycle=True),
            _loop(x + box_width, y) if node.id in loops else "",
            *_box(node, x, y, box_width),
            "</g>",
        ]
        yield "".join(parts)


def tags_of(node: Node) -> list[str]:
    """What is remarkable about an artifact."""
    tags = ["root"] if node.is_root else []
    if node.status is None:
        tags.append("missing")
    elif node.is_unpublished:
        tags.append(node.status.value)
    if node.in_cycle:
        tags.append("in a cycle")
    return tags


def _classes(node: Node) -> str:
    classes = ["node", "missing" if node.type is None else style_of(node.type).code]
    classes += ["root"] * node.is_root
    classes += ["unpublished"] * node.is_unpublished
    classes += ["cyclic"] * node.in_cycle
    return " ".join(classes)


def _tooltip(node: Node) -> str:
    kind = "does not exist" if node.type is None else node.type.value
    return "\n".join([node.name, f"{kind}: {node.id}", *(tag for tag in tags_of(node) if tag != "missing")])


def _box(node: Node, x: int, y: int, width: int) -> Iterator[str]:
    corner = f"a{_CORNER} {_CORNER} 0 0 1"
    text_x, text_width = x + STRIPE + PADDING, width - STRIPE - 2 * PADDING
    yield f'<rect class="box" x="{x}" y="{y}" width="{width}" height="{BOX_HEIGHT}" rx="{_CORNER}"/>'
    yield f'<path class="stripe" d="M{x + _CORNER} {y}h{STRIPE - _CORNER}v{BOX_HEIGHT}h-{STRIPE - _CORNER}'
    yield f'{corner}-{_CORNER}-{_CORNER}v-{BOX_HEIGHT - 2 * _CORNER}{corner} {_CORNER}-{_CORNER}z"/>'
    yield f'<text class="code" x="{x + STRIPE // 2}" y="{y + 24}">{style_of(node.type).code}</text>'
    yield label("name", text_x, y + 17, node.name, text_width)
    yield label("id", text_x, y + 31, node.id, text_width)
    yield from _tags(node, x + width - 6, y - 8)


def _tags(node: Node, right: int, y: int) -> Iterator[str]:
    """Yield the tags on the upper side of a box, from the right, which leaves room for the arrow in the middle."""
    for tag in reversed(tags_of(node)):
        width = round(width_of(tag) * FONT_SIZES["tag-text"]) + 10
        right -= width
        yield f'<rect class="tag {_TAG_STYLES.get(tag, "unpublished")}" x="{right}" y="{y}" width="{width}" '
        yield f'height="14" rx="7"/><text class="tag-text" x="{right + width / 2:g}" y="{y + 10}">{tag}</text>'
        right -= 3


def _path(lines: Sequence[Line], arrows: Sequence[Arrow], *, in_cycle: bool) -> str:
    """The lines to an artifact that are part of a cycle, or those that are not."""
    parts = []
    for line in lines:
        if line.in_cycle == in_cycle:
            (x, y), (end_x, end_y) = line.start, line.end
            if x == end_x:
                parts.append(f"M{x} {y}V{end_y}")
            else:
                middle = (y + end_y) // 2
                parts.append(f"M{x} {y}C{x} {middle} {end_x} {middle} {end_x} {end_y}")
            if line.passes:
                parts.append(f"v{BOX_HEIGHT}")
    for arrow in arrows:
        if arrow.in_cycle == in_cycle:
            x, y = arrow.tip
            tail = y + (6 if arrow.points_up else -6)
            parts.append(f"M{x - 4} {tail}L{x} {y}L{x + 4} {tail}")
    return f'<path class="line{" in-cycle" if in_cycle else ""}" d="{"".join(parts)}"/>' if parts else ""


def _loop(right: int, y: int) -> str:
    """The line of an artifact that depends on itself."""
    return f'<path class="line in-cycle" d="M{right} {y + 12}c24-8 24 24 0 16m6-5l-6 5 7 3"/>'
