"""Headers of responses with a bundle or another file of a package: entity tag and file name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from installhub.model.package import file_name

if TYPE_CHECKING:
    from installhub.packages.records import PackageRecord

_ATTR_CHARS: Final = "!#$&+-.^_`|~"  # allowed unencoded in filename*, apart from letters and digits (RFC 8187, 3.2.1)
_PATH_SEPARATORS: Final = re.compile(r"[/\\]")


def entity_tag(record: PackageRecord) -> str:
    """The entity tag of a package's bundle, a strong validator (RFC 9110, 8.8.3)."""
    return f'"{record.checksum.replace(":", "-")}"'


def content_disposition(record: PackageRecord, kind: str = "attachment", extension: str = "zip") -> str:
    """The ``Content-Disposition`` of a file of a package (RFC 6266): a file name in ASCII, and in UTF-8 if necessary.

    ``kind`` is ``attachment``, to be saved, or ``inline``, to be shown.
    """
    name, version = record.description.name, record.description.version
    disposition = f'{kind}; filename="{file_name(name, version, extension)}"'
    if name.isascii():
        return disposition
    full_name = f"{_PATH_SEPARATORS.sub('-', name).strip()}-{version}.{extension}"
    return f"{disposition}; filename*=UTF-8''{quote(full_name, safe=_ATTR_CHARS)}"
