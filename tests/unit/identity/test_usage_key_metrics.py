"""The metrics and log entries that tell how many usage-plan keys are in use."""

from __future__ import annotations

import json

import pytest

from installhub.identity.metrics import count_reclaimed_keys, count_tenant_keys
from installhub.identity.usage_key_reclaiming import KeyCounts
from installhub.runtime import telemetry


@pytest.fixture(autouse=True)
def _named_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry.metrics.provider, "namespace", "InstallHub/test")
    monkeypatch.setattr(telemetry.metrics.provider, "service", "installhub")


@pytest.mark.parametrize(("own", "maximum", "percent"), [(0, 9000, 0), (8100, 9000, 90), (9000, 9000, 100), (0, 0, 0)])
def test_the_share_of_used_keys_is_in_percent(
    capsys: pytest.CaptureFixture[str], own: int, maximum: int, percent: float
) -> None:
    count_tenant_keys(own, maximum)

    emitted = json.loads(capsys.readouterr().out)
    assert (emitted["TenantKeys"], emitted["TenantKeysUsed"]) == ([own], [percent])
    declared = emitted["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    assert {metric["Name"]: metric["Unit"] for metric in declared} == {
        "TenantKeys": "Count",
        "TenantKeysUsed": "Percent",
    }


def test_keys_that_were_given_back_are_counted_and_logged(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    count_reclaimed_keys(KeyCounts(own=90, pooled=7, reclaimed=3), 100)

    emitted = next(json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line)
    assert [emitted[name] for name in ("PooledSubjects", "TenantKeys", "TenantKeysUsed")] == [[7], [90], [90]]
    (entry,) = caplog.records
    fields = [entry.__dict__[name] for name in ("reclaimed", "ownKeys", "pooledSubjects")]
    assert (entry.getMessage(), fields) == ("usage keys reclaimed", [3, 90, 7])
