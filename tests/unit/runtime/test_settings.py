"""Settings from environment variables."""

from __future__ import annotations

import pytest

from installhub.composition.limits import limits
from installhub.resolver.plan import Limits
from installhub.runtime.settings import SettingMissingError, Settings


def test_settings_are_strings_integers_and_lists() -> None:
    settings = Settings({"TEXT": "a b", "NUMBER": "42", "NAMES": " a, b ,,c "})

    assert settings.string("TEXT") == "a b"
    assert settings.integer("NUMBER") == 42
    assert settings.string_list("NAMES") == ("a", "b", "c")


@pytest.mark.parametrize("environment", [{}, {"NAME": ""}])
def test_a_missing_setting_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(SettingMissingError, match="NAME"):
        Settings(environment).string("NAME")


def test_the_limits_of_a_package_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"MAX_ROOTS": "1", "MAX_ARTIFACTS": "2", "MAX_DEFINITION_BYTES": "3"}.items():
        monkeypatch.setenv(name, value)

    assert limits.__wrapped__() == Limits(roots=1, artifacts=2, definition_bytes=3)


def test_settings_of_the_process_are_read_when_used(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment()

    monkeypatch.setenv("INSTALLHUB_TEST_SETTING", "later")

    assert settings.string("INSTALLHUB_TEST_SETTING") == "later"
