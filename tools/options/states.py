"""The states of the options that the checks look at."""

from __future__ import annotations

from typing import Final

ALL_ON: Final = {
    "AllowedOrigins": "https://portal.example.com",
    "TrustedEventSources": "example.portal",
    "AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms",
    "DomainName": "hub.example.com",
    "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-4000-8000-000000000000",
    "DomainBasePath": "packages",
    "WebAclArn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/api/00000000-0000-4000-8000-000000000000",
    "AccessLogRetentionDays": "90",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000",
    "AuthorizerReservedConcurrency": "20",
    "ExportReservedConcurrency": "50",
    "WorkerReservedConcurrency": "5",
}
"""Every option that is off by default, with an invented value."""
