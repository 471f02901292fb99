"""The picture as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from textwrap import indent, wrap
from typing import Final

from tools.architecture.layout import Box, Layout, Sizes, arrange
from tools.architecture.rooms import Building, Room, names_of

_SIZES: Final = Sizes()
_LETTERS: Final = 36  # of a line in a box
_LINE: Final = 17
_NAME: Final = 36  # from the top of a box to its first line
_FOOT: Final = 44
_PURE: Final = "imports no library of AWS"

_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"
     font-family="Helvetica, Arial, sans-serif" font-size="13">
  <title>{title}</title>
"""
_STYLE: Final = """\
<defs>
  <style>
    .page { fill: #fafbfc }
    .box { fill: #ffffff; stroke: #9aa5b1; stroke-width: 1.2 }
    .pure { fill: #e8f5ee; stroke: #3a8f63 }
    .name { fill: #1f2933; font-weight: bold; font-size: 15px }
    .text { fill: #52606d }
    .arrow { fill: none; stroke: #52606d; stroke-width: 1.4 }
    .tip { fill: #52606d }
    .against { stroke: #c62828; stroke-dasharray: 6 4 }
    .against-tip { fill: #c62828 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #14181d }
      .box { fill: #1f262e; stroke: #66727f }
      .pure { fill: #16302a; stroke: #4fae80 }
      .name { fill: #e6eaef }
      .text { fill: #aab4bf }
      .arrow { stroke: #8b97a4 }
      .tip { fill: #8b97a4 }
      .against { stroke: #ff8a80 }
      .against-tip { fill: #ff8a80 }
    }
  </style>
  <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
    <path class="tip" d="M0 0 L10 5 L0 10 z"/>
  </marker>
  <marker id="against" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
    <path class="against-tip" d="M0 0 L10 5 L0 10 z"/>
  </marker>
</defs>
"""


def draw(building: Building, package: str) -> str:
    """The rooms as boxes on their floors, and their imports as arrows."""
    heights = [max(_height(room) for room in floor) for floor in building.floors]
    layout = arrange(names_of(building.floors), building.downward(), heights, _SIZES)
    rooms = [room for floor in building.floors for room in floor]
    height = layout.height + _FOOT
    body = "\n".join(
        [
            *_STYLE.splitlines(),
            f'<rect class="page" width="{layout.width}" height="{height}"/>',
            *(_arrow(layout.ways[arrow]) for arrow in sorted(layout.ways)),
            *(line for room in rooms for line in _box(room, layout.boxes[room.name])),
            *(_against(layout.boxes[start], layout.boxes[end]) for start, end in sorted(building.against())),
            *_legend(building, layout),
        ]
    )
    head = _HEAD.format(width=layout.width, height=height, title=f"The packages of {escape(package)} and their imports")
    return f"{head}{indent(body, '  ')}\n</svg>\n"


def _lines(room: Room) -> Sequence[str]:
    return wrap(room.summary, _LETTERS)


def _height(room: Room) -> int:
    return _NAME + _LINE * len(_lines(room)) + 8


def _box(room: Room, box: Box) -> Iterator[str]:
    kind = "box pure" if room.is_pure else "box"
    yield f'<rect class="{kind}" x="{box.left}" y="{box.top}" width="{box.width}" height="{box.height}" rx="6"/>'
    top = box.top + (box.height - _height(room)) // 2
    yield _text("name", box.middle, top + 25, room.name)
    for number, line in enumerate(_lines(room)):
        yield _text("text", box.middle, top + _NAME + 9 + _LINE * number, line)


def _text(kind: str, x: int, y: int, text: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _arrow(points: Sequence[tuple[int, int]]) -> str:
    """A line that is straight where it passes a floor, and curved between two."""
    parts = [f"M{points[0][0]} {points[0][1]}"]
    for index, ((x, y), (next_x, next_y)) in enumerate(pairwise(points)):
        half = (y + next_y) // 2
        is_curve = index % 2 == 0 and x != next_x
        parts.append(f"C{x} {half} {next_x} {half} {next_x} {next_y}" if is_curve else f"L{next_x} {next_y}")
    return f'<path class="arrow" marker-end="url(#tip)" d="{" ".join(parts)}"/>'


def _against(start: Box, end: Box) -> str:
    """A line against the layers, from the upper edge of a box; bent, so that no box hides all of it."""
    target = end.bottom if end.top < start.top else end.top
    bend = min(start.top, target) - _SIZES.rise // 2 if target == end.top else (start.top + target) // 2
    path = f"M{start.middle} {start.top} C{start.middle} {bend} {end.middle} {bend} {end.middle} {target}"
    return f'<path class="arrow against" marker-end="url(#against)" d="{path}"/>'


def _legend(building: Building, layout: Layout) -> Iterator[str]:
    baseline = layout.height + _FOOT - 28
    explained = "Arrows: imports. Those implied by longer paths are omitted."
    if building.against():
        explained += " Dashed: against the order."
    yield _text("text", _SIZES.margin, baseline, explained, "start")
    if any(room.is_pure for floor in building.floors for room in floor):
        right = layout.width - _SIZES.margin
        yield _text("text", right, baseline, _PURE, "end")
        yield f'<rect class="box pure" x="{right - 178}" y="{baseline - 11}" width="14" height="14" rx="3"/>'
