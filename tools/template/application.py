"""The metadata of the application in the AWS Serverless Application Repository, which `sam publish` reads."""

from __future__ import annotations

import re
from typing import Final

from tools.project import metadata

LABELS: Final = ("artifacts", "bundles", "export", "low-code", "packages")
_DESCRIPTION: Final = re.compile(r"^Description: >-\n((?:  .+\n)+)", re.MULTILINE)


def render(template: str) -> str:
    """The block of template.yaml. License and README are files, which `sam package` uploads."""
    project = metadata()
    description = _DESCRIPTION.search(template)
    if description is None:
        raise ValueError("template.yaml has no folded Description")
    properties = {
        "Name": project.name,
        "Description": " ".join(description[1].split()),
        "Author": re.sub(r"[^a-z0-9]+", "-", project.author.lower()),
        "SpdxLicenseId": project.license,
        "LicenseUrl": "LICENSE",
        "ReadmeUrl": "README.md",
        "Labels": f"[{', '.join(LABELS)}]",
        "HomePageUrl": project.urls.get("Homepage"),
        "SourceCodeUrl": project.urls.get("Source"),
        "SemanticVersion": project.version,
    }
    lines = (f"    {name}: {value}\n" for name, value in properties.items() if value)
    return f"  AWS::ServerlessRepo::Application:\n{''.join(lines)}"
