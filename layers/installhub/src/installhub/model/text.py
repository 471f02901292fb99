"""Which characters ids and names may contain."""

from __future__ import annotations

import unicodedata

# Control characters and line or paragraph separators break log lines and headers; surrogates cannot be encoded.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


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
