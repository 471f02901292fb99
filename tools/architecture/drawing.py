"""The structure as a picture: a row per layer, imports as arrows downwards."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from tools.architecture.structure import Structure

WIDTH: Final = 1000
_MARGIN: Final = 20
_ROW: Final = 134
_BOX_HEIGHT: Final = 88
_BOX_WIDTH: Final = 304
_GAP: Final = 24
_LETTER_WIDTH: Final = 6.2

_STYLE: Final = """
  text { font-family: system-ui, sans-serif; fill: #1f2328; }
  .name { font-size: 15px; font-weight: 600; }
  .purpose { font-size: 12px; fill: #59636e; }
  rect { fill: #f6f8fa; stroke: #8c959f; }
  path { fill: none; stroke: #8c959f; stroke-width: 1.3; }
  marker path { fill: #8c959f; stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .purpose { fill: #9198a1; }
    rect { fill: #161b22; stroke: #6e7681; }
    path { stroke: #6e7681; }
    marker path { fill: #6e7681; }
  }
"""


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float

    @property
    def center(self) -> float:
        return self.x + self.width / 2


def draw(structure: Structure) -> str:
    """The picture as SVG. The same structure gives the same bytes."""
    boxes = _place(structure)
    height = _MARGIN + len(structure.layers) * _ROW
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            'aria-label="The packages of the layer and the imports between them">'
        ),
        f"<style>{_STYLE}</style>",
        (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        ),
        *_arrows(structure, boxes),
        *(_box(name, structure.purposes[name], box) for name, box in boxes.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _place(structure: Structure) -> dict[str, _Box]:
    """Boxes in rows, around the middle. Two below one stand apart, so that the one's long arrows pass between them."""
    boxes = {}
    above = 0
    for row, layer in enumerate(structure.layers):
        apart = len(layer) == 2 and above == 1  # noqa: PLR2004
        gap = WIDTH - 2 * _MARGIN - 2 * _BOX_WIDTH if apart else _GAP
        left = (WIDTH - _BOX_WIDTH * len(layer) - gap * (len(layer) - 1)) / 2
        for column, name in enumerate(layer):
            boxes[name] = _Box(left + column * (_BOX_WIDTH + gap), _MARGIN + row * _ROW, _BOX_WIDTH)
        above = len(layer)
    return boxes


def _arrows(structure: Structure, boxes: dict[str, _Box]) -> list[str]:
    """Arrows, spread along the edges of their boxes in the order of their other ends, so that few cross."""
    paths = []
    for tail, head in structure.arrows:
        outgoing = sorted((h for t, h in structure.arrows if t == tail), key=lambda name: boxes[name].center)
        incoming = sorted((t for t, h in structure.arrows if h == head), key=lambda name: boxes[name].center)
        x1 = _spread(boxes[tail], outgoing.index(head), len(outgoing))
        x2 = _spread(boxes[head], incoming.index(tail), len(incoming))
        y1, y2 = boxes[tail].y + _BOX_HEIGHT, boxes[head].y - 1
        bend = 0.6 * (y2 - y1)
        paths.append(
            f'<path d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}" '
            'marker-end="url(#head)"/>'
        )
    return paths


def _spread(box: _Box, number: int, count: int) -> float:
    return box.x + box.width * (number + 1) / (count + 1)


def _box(name: str, purpose: str, box: _Box) -> str:
    lines = textwrap.wrap(purpose, int((box.width - 20) / _LETTER_WIDTH), max_lines=3, placeholder=" …")
    texts = [f'<text class="name" x="{box.center:.0f}" y="{box.y + 23:.0f}" text-anchor="middle">{escape(name)}</text>']
    texts += [
        f'<text class="purpose" x="{box.center:.0f}" y="{box.y + 43 + 16 * number:.0f}" text-anchor="middle">'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    ]
    return (
        f'<g><rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{_BOX_HEIGHT}" rx="8"/>'
        f"{''.join(texts)}</g>"
    )
