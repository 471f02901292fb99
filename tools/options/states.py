"""The states of the options that the checks look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tools.options.rendering import Rendering
from tools.rollout.merging import rollout_template, template

ALL_ON: Final = {
    "AllowedOrigins": "https://portal.example.com",
    "ArtifactEvents": "true",
    "TrustedEventSources": "example.portal",
    "AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms",
    "DomainName": "hub.example.com",
    "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-4000-8000-000000000000",
    "DomainBasePath": "packages",
    "DisableExecuteApi": "true",
    "WebAclArn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/api/00000000-0000-4000-8000-000000000000",
    "AccessLogRetentionDays": "90",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000",
    "AuthorizerReservedConcurrency": "20",
    "ExportReservedConcurrency": "50",
    "WorkerReservedConcurrency": "5",
}
"""Every option that is off by default, with an invented value."""

ROLLOUT_ON: Final = {"GradualDeployment": "true", "SnapStart": "PublishedVersions"}
"""The same for the parameters of rollout.yaml."""


def states() -> dict[str, dict[str, Any]]:
    """The templates to check, by file name."""
    plain, gradual = template(), rollout_template(ALL_ON)
    return {
        "options-off.json": Rendering(plain, {}).render(),
        "options-on.json": Rendering(plain, ALL_ON).render(),
        "rollout-off.json": Rendering(gradual, {}).render(),
        "rollout-on.json": Rendering(gradual, {**ALL_ON, **ROLLOUT_ON}).render(),
    }


def write(folder: Path) -> list[Path]:
    """Write the templates into a folder and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, content in states().items():
        files.append(folder / name)
        files[-1].write_text(json.dumps(content, indent=1), encoding="utf-8")
    return files
