"""The metadata for the AWS Serverless Application Repository, within the limits of its API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from semver import Version

from tests.template import template
from tools.project import PROJECT, metadata

APPLICATION: dict[str, Any] = dict(template()["Metadata"]["AWS::ServerlessRepo::Application"])


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Name", r"[a-zA-Z0-9\-]{1,140}"),
        ("Author", r"(?=.{1,127}$)[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?"),
        ("Description", r".{1,256}"),
        ("SpdxLicenseId", r"Apache-2\.0"),
    ],
)
def test_a_text_is_accepted(name: str, pattern: str) -> None:
    assert re.fullmatch(pattern, APPLICATION[name])


def test_labels_are_accepted() -> None:
    labels = APPLICATION["Labels"]

    assert 0 < len(labels) <= 10
    assert all(re.fullmatch(r"[a-zA-Z0-9+\-_:/@]{1,127}", label) for label in labels)


@pytest.mark.parametrize("name", ["LicenseUrl", "ReadmeUrl"])
def test_license_and_readme_are_files_of_the_project(name: str) -> None:
    assert (PROJECT / APPLICATION[name]).is_file()


def test_the_version_is_the_project_s() -> None:
    assert APPLICATION["SemanticVersion"] == metadata().version
    assert Version.is_valid(APPLICATION["SemanticVersion"])
