"""Reads the query parameters of lists of packages."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from installhub.http.query_parameters import (
    ProblemCollector,
    invalid_parameter,
    member_parameter,
    page_size,
    short_text_parameter,
    text_parameter,
)
from installhub.model.artifact import PackageType
from installhub.model.cursor import DEFAULT_PAGE_SIZE
from installhub.model.lifecycle import Lifecycle
from installhub.packages.package_filter import PackageFilter

if TYPE_CHECKING:
    from installhub.http.request import Request

LIST_PARAMETERS: Final = (
    *("name", "namePrefix", "packageType", "tag", "lifecycle", "exportedAfter", "exportedBefore", "limit"),
)
"""The query parameters of the list of packages, which a link to its next page repeats."""

VERSION_PARAMETERS: Final = ("name", "limit")
"""The query parameters of the list of versions, which a link to its next page repeats."""

_MAX_NAME_LENGTH: Final = 100
_MAX_TAG_LENGTH: Final = 100
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class PackageListQuery:
    """Which page of which list of packages is requested.

    Attributes:
        wanted: Which packages the list contains.
        limit: Maximum number of packages on the page.
        cursor: Where the page starts; unchecked.
    """

    wanted: PackageFilter
    limit: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class VersionListQuery:
    """Which page of the versions of which package is requested.

    Attributes:
        name: The name of the package.
        limit: Maximum number of versions on the page.
        cursor: Where the page starts; unchecked.
    """

    name: str
    limit: int
    cursor: str | None


def package_list_query(request: Request) -> PackageListQuery:
    """The page that the parameters in :data:`LIST_PARAMETERS` and ``cursor`` ask for.

    Raises:
        InstallHubError: InvalidRequest, with every problem.
    """
    collector = ProblemCollector()
    wanted = PackageFilter(
        name=collector.read(lambda: short_text_parameter(request, "name", _MAX_NAME_LENGTH)),
        name_prefix=collector.read(lambda: short_text_parameter(request, "namePrefix", _MAX_NAME_LENGTH)),
        package_type=collector.read(lambda: member_parameter(request, "packageType", PackageType)),
        tag=collector.read(lambda: short_text_parameter(request, "tag", _MAX_TAG_LENGTH)),
        lifecycle=collector.read(lambda: member_parameter(request, "lifecycle", Lifecycle)),
        exported_after=collector.read(lambda: _second(request, "exportedAfter", round_up=False)),
        exported_before=collector.read(lambda: _second(request, "exportedBefore", round_up=True)),
    )
    limit = collector.read(lambda: page_size(request)) or DEFAULT_PAGE_SIZE
    collector.raise_if_any()
    return PackageListQuery(wanted, limit, request.query_parameter("cursor"))


def version_list_query(request: Request) -> VersionListQuery:
    """The page that ``name``, ``limit`` and ``cursor`` ask for.

    Raises:
        InstallHubError: InvalidRequest, with every problem; the name is required.
    """
    collector = ProblemCollector()
    name = collector.read(lambda: _required_name(request)) or ""
    limit = collector.read(lambda: page_size(request)) or DEFAULT_PAGE_SIZE
    collector.raise_if_any()
    return VersionListQuery(name, limit, request.query_parameter("cursor"))


def _required_name(request: Request) -> str:
    name = short_text_parameter(request, "name", _MAX_NAME_LENGTH)
    if name is None:
        raise invalid_parameter("name", "given; it is the name of the package")
    return name


def _second(request: Request, name: str, *, round_up: bool) -> str | None:
    """A time in a parameter, RFC 3339 in UTC, in whole seconds. Exports have no fractions, so nothing is lost."""
    value = text_parameter(request, name)
    if value is None:
        return None
    time = _parse_time(value, dt.timedelta(seconds=1, microseconds=-1) if round_up else dt.timedelta())
    if time is None:
        raise invalid_parameter(name, "a date or a time of RFC 3339, such as 2026-05-25T09:00:00Z")
    return f"{time.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def _parse_time(text: str, added: dt.timedelta) -> dt.datetime | None:
    """The time in ``text``, or the start of the date in it, plus ``added``; None if it is neither."""
    if not _TIME.fullmatch(text):  # fromisoformat accepts much more
        return None
    try:
        time = dt.datetime.fromisoformat(text.upper())
        return (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).astimezone(dt.UTC) + added
    except (ValueError, OverflowError):
        return None
