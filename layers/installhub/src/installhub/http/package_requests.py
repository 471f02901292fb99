"""Reads the path parameters of requests for packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installhub.packages.lookup import is_package_id
from installhub.runtime.telemetry import bind_log_context

if TYPE_CHECKING:
    from installhub.http.request import Request


def package_id_parameter(request: Request) -> str:
    """The package id in the path, unchecked. Added to the log context if it has the form of a package id."""
    package_id = request.path_parameter("packageId")
    if is_package_id(package_id):
        bind_log_context(package_id=package_id)
    return package_id
