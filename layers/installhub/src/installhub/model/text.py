"""Which characters ids and names may contain, and how they are shown."""

from __future__ import annotations

import unicodedata
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
"""Shown for a character that cannot or should not be shown."""

# Control characters and line or paragraph separators break log lines and headers; surrogates cannot be encoded.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})

_BIDI_CONTROLS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They reorder what surrounds them, so that a text could show something else than it says (Trojan Source)."""

_LINE_BREAKS: Final = frozenset({"Cc", "Zl", "Zp"})
"""Categories of characters that end a line, or are as invisible as that."""


def is_printable(text: str) -> bool:
    """Whether every character of ``text`` is allowed in an id, a name, a key and a log line."""
    return (text.isascii() and text.isprintable()) or not any(
        unicodedata.category(character) in _UNPRINTABLE for character in text
    )


def shown(text: str, max_length: int) -> str:
    """``text`` for a message: shortened, and with escapes for what cannot be encoded as UTF-8."""
    short = text if len(text) <= max_length else f"{text[:max_length]}…"
    return short.encode(errors="backslashreplace").decode()


def is_encodable(text: str) -> bool:
    """Whether ``text`` can be encoded as UTF-8, which lone surrogates cannot."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def displayed(text: str) -> str:
    """``text`` as a single line, where controls of the writing direction are visible."""
    return text if text.isprintable() else "".join(map(_displayed, text))


def is_legal_in_xml(character: str) -> bool:
    """Whether XML can contain ``character`` (XML 1.0, 2.2)."""
    return (character >= " " or character in "\t\n\r") and not (
        "\ud800" <= character <= "\udfff" or "\ufffe" <= character <= "\uffff"
    )


def _displayed(character: str) -> str:
    if character in _BIDI_CONTROLS or not is_legal_in_xml(character):
        return REPLACEMENT
    return " " if unicodedata.category(character) in _LINE_BREAKS else character
