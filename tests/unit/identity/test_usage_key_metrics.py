"""The metric that tells how many usage-plan keys are in use."""

from __future__ import annotations

import json

import pytest

from installhub.identity.metrics import count_tenant_keys
from installhub.runtime import telemetry


@pytest.mark.parametrize(("own", "maximum", "percent"), [(0, 9000, 0), (8100, 9000, 90), (9000, 9000, 100), (0, 0, 0)])
def test_the_share_of_used_keys_is_in_percent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own: int, maximum: int, percent: float
) -> None:
    monkeypatch.setattr(telemetry.metrics.provider, "namespace", "InstallHub/test")
    monkeypatch.setattr(telemetry.metrics.provider, "service", "installhub")

    count_tenant_keys(own, maximum)

    emitted = json.loads(capsys.readouterr().out)
    assert (emitted["TenantKeys"], emitted["TenantKeysUsed"]) == ([own], [percent])
