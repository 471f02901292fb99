"""The style sheet of the SVG, for light and dark color schemes.

Custom properties would be shorter, but not every program that shows SVG supports them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from installhub.graphs.palette import MISSING, STYLES, UNPUBLISHED, Style


class _Scheme(NamedTuple):
    background: str
    ink: str
    muted: str
    line: str
    on_color: str
    highlight: str
    fill_opacity: str


_LIGHT: Final = _Scheme("#ffffff", "#1f2328", "#59636e", "#9aa4af", "#ffffff", "#0969da", ".1")
_DARK: Final = _Scheme("#0d1117", "#f0f6fc", "#9198a1", "#5d6672", "#0d1117", "#58a6ff", ".16")

FONT_SIZES: Final = {"title": 16, "name": 12, "muted": 11, "legend": 11, "code": 11, "id": 10, "tag-text": 9}
"""Sizes in pixels by class."""

_FIXED: Final = (
    "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}",
    *(f".{name}{{font-size:{size}px}}" for name, size in FONT_SIZES.items()),
    ".title{font-weight:600}.name{font-weight:500}.code{font-weight:700}.code,.tag-text{text-anchor:middle}",
    ".box{stroke-width:1}.root>.box,.cyclic>.box{stroke-width:2.5}.plain>.stripe{fill:none}",
    ".missing>.box,.unpublished>.box{stroke-dasharray:5 3;stroke-width:2}",
    ".line{fill:none;stroke-width:1.2}.in-cycle{stroke-width:2.2}",
    ".node:hover>.line,.node:hover>.box{stroke-width:3}",
)


def _rules(scheme: _Scheme, *, dark: bool) -> Iterator[str]:
    def color(style: Style) -> str:
        return style.dark if dark else style.light

    missing = color(MISSING)
    yield f".background{{fill:{scheme.background}}}"
    yield f".title,.name{{fill:{scheme.ink}}}.muted,.legend,.id{{fill:{scheme.muted}}}"
    yield f".code,.tag-text{{fill:{scheme.on_color}}}.line{{stroke:{scheme.line}}}"
    yield f".box{{fill-opacity:{scheme.fill_opacity};fill:{scheme.muted};stroke:{scheme.muted}}}"
    for style in STYLES.values():
        yield f".{style.code}>.box{{fill:{color(style)};stroke:{color(style)}}}"
        yield f".{style.code}>.stripe{{fill:{color(style)}}}"
    yield f".missing>.box{{fill:{missing};stroke:{missing}}}.missing>.stripe,.tag.missing,.tag.cycle{{fill:{missing}}}"
    yield f".tag.root{{fill:{scheme.ink}}}.root>.box{{stroke:{scheme.ink}}}.plain.root>.box{{fill:none}}"
    yield f".unpublished>.box{{stroke:{color(UNPUBLISHED)}}}.tag.unpublished{{fill:{color(UNPUBLISHED)}}}"
    yield f".cyclic>.box,.line.in-cycle{{stroke:{missing}}}"
    yield f".node:hover>.line,.node:hover>.box{{stroke:{scheme.highlight}}}"


STYLE_SHEET: Final = (
    f"svg{{color-scheme:light dark}}{''.join(_FIXED)}{''.join(_rules(_LIGHT, dark=False))}"
    f"@media (prefers-color-scheme:dark){{{''.join(_rules(_DARK, dark=True))}}}"
)
"""Child combinators (``>``) need no escaping in XML."""
