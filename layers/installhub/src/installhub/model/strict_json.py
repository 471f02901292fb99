"""Parses JSON strictly: what parsers disagree about is refused (RFC 8259, 4 and 6)."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn


class InvalidJsonError(ValueError):
    """A text that is not JSON, or that parsers would read differently."""


def parse_json(content: bytes) -> Any:  # noqa: ANN401  # any JSON value
    """The value of a JSON text in UTF-8.

    Raises:
        InvalidJsonError: It is not JSON in UTF-8, contains a name twice in one object or NaN or an infinity, or is
            nested too deeply.
    """
    try:
        return _DECODER.decode(content.decode())
    except RecursionError:
        raise InvalidJsonError("is nested too deeply") from None
    except InvalidJsonError:
        raise
    except UnicodeDecodeError:
        raise InvalidJsonError("is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise InvalidJsonError(f"is not JSON: {error.msg} at character {error.pos + 1}") from None
    except ValueError:  # an integer of thousands of digits
        raise InvalidJsonError("contains a number that is too long") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise InvalidJsonError("contains an object with the same name twice")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJsonError(f"contains {name}, which is not JSON")


# Created once, which json.loads does for every call.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
