"""SVG of a graph: one self-contained document without scripts, links, fonts or images.

It adapts to light and dark color schemes, and the whole texts are tooltips.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import ceil
from typing import Final, NamedTuple

from installhub.graphs.graph import Graph
from installhub.graphs.labels import width_of
from installhub.graphs.layout import lay_out
from installhub.graphs.palette import MISSING, style_of
from installhub.graphs.svg_nodes import PADDING, STRIPE, draw_nodes, tags_of
from installhub.graphs.svg_style import FONT_SIZES, STYLE_SHEET
from installhub.graphs.svg_text import label, xml_text
from installhub.model.artifact import INSTALL_RANK
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.text import displayed

MAX_ARTIFACTS: Final = 2_000
"""Maximum number of artifacts in an SVG. It takes two seconds of CPU time, and hardly anybody can use a larger one."""

_MARGIN: Final = 24
_MIN_WIDTH: Final = 480
_MIN_BOX_WIDTH: Final = 132
_MAX_BOX_WIDTH: Final = 204
_LEGEND_LINE: Final = 22
_READING: Final = "A line leads from an artifact to what it depends on, further down."


class _LegendEntry(NamedTuple):
    """A class of the style sheet, the letters on its color, and its meaning."""

    style: str
    code: str
    text: str


def draw_svg(graph: Graph) -> str:
    """The graph as an SVG document.

    Raises:
        InstallHubError: PackageTooLarge, if there are more than :data:`MAX_ARTIFACTS`.
    """
    if len(graph.nodes) > MAX_ARTIFACTS:
        raise InstallHubError.of(
            ErrorCode.PACKAGE_TOO_LARGE,
            f"The graph has {len(graph.nodes)} artifacts; an SVG can show {MAX_ARTIFACTS}. Request another format.",
        )
    box_width = _box_width(graph)
    layout = lay_out(graph, box_width)
    inner_width = max(layout.width, _MIN_WIDTH)
    header, top = _header(graph, inner_width)
    width, height = inner_width + 2 * _MARGIN, top + layout.height + _MARGIN
    left = _MARGIN + (inner_width - layout.width) // 2
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="graph-title graph-description" {size}>',
        f'<title id="graph-title">{xml_text(graph.title)}</title>',
        f'<desc id="graph-description">{_summary(graph)} {_READING}</desc>',
        f"<style>{STYLE_SHEET}</style>",
        '<rect class="background" width="100%" height="100%"/>',
        *header,
        f'<g transform="translate({left} {top})">',
        *draw_nodes(graph, layout, box_width),
        "</g>",
        "</svg>\n",
    ]
    return "\n".join(parts)


def _box_width(graph: Graph) -> int:
    """Wide enough for the longest label, within limits."""
    widths = (
        max(width_of(displayed(node.name)) * FONT_SIZES["name"], width_of(displayed(node.id)) * FONT_SIZES["id"])
        for node in graph.nodes
    )
    wanted = STRIPE + 2 * PADDING + 2 * ceil(max(widths, default=0) / 2)  # even, for the middle of the box
    return min(max(wanted, _MIN_BOX_WIDTH), _MAX_BOX_WIDTH)


def _summary(graph: Graph) -> str:
    findings = Counter(tag for node in graph.nodes for tag in tags_of(node) if tag != "root")
    counts = [
        f"{len(graph.nodes)} artifact{'' if len(graph.nodes) == 1 else 's'}",
        f"{len(graph.edges)} {'dependency' if len(graph.edges) == 1 else 'dependencies'}",
        *(f"{count} {what}" for what, count in findings.items()),
    ]
    return f"{', '.join(counts)}."


def _header(graph: Graph, width: int) -> tuple[list[str], int]:
    """The title and the legend, and the height they take."""
    y = _MARGIN + FONT_SIZES["title"]
    lines = [
        label("title", _MARGIN, y, graph.title, width),
        label("muted", _MARGIN, y + 20, _summary(graph), width),
        label("muted", _MARGIN, y + 36, _READING, width),
    ]
    x, y = _MARGIN, y + 50
    for entry in _legend(graph):
        entry_width = STRIPE + 26 + round(width_of(entry.text) * FONT_SIZES["legend"])
        if x + entry_width > width + _MARGIN and x > _MARGIN:
            x, y = _MARGIN, y + _LEGEND_LINE
        swatch = f'x="{x}" y="{y}" width="{STRIPE}" height="16" rx="4"'
        lines.append(
            f'<g class="{entry.style}"><rect class="box" {swatch}/><rect class="stripe" {swatch}/>'
            f'<text class="code" x="{x + STRIPE // 2}" y="{y + 12}">{entry.code}</text>'
            f'<text class="legend" x="{x + STRIPE + 8}" y="{y + 12}">{entry.text}</text></g>'
        )
        x += entry_width
    return lines, y + _LEGEND_LINE + 28


def _legend(graph: Graph) -> Iterator[_LegendEntry]:
    """What the picture shows, and nothing else."""
    counts = Counter(node.type for node in graph.nodes if node.type is not None)
    for kind in sorted(counts, key=INSTALL_RANK.__getitem__):
        code = style_of(kind).code
        yield _LegendEntry(code, code, f"{kind.value} ({counts[kind]})")
    if any(node.is_missing for node in graph.nodes):
        yield _LegendEntry("missing", MISSING.code, "does not exist")
    if any(node.is_root for node in graph.nodes):
        yield _LegendEntry("plain root", "", "root artifact")
    if any(node.is_unpublished for node in graph.nodes):
        yield _LegendEntry("plain unpublished", "", "not published")
    if any(edge.in_cycle for edge in graph.edges):
        yield _LegendEntry("plain cyclic", "", "part of a cycle")
