"""Package ids: which names and versions identify the same package."""

from __future__ import annotations

import unicodedata
import uuid

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from installhub.model.package import normalized_name, package_id
from tests.builders import TENANT


def test_a_package_id_never_changes() -> None:
    assert package_id(TENANT, "Employee Onboarding Suite", "2.1.0") == "pkg-ea5114f2-d74f-5be1-8bf8-502545bb8a55"
    assert package_id("tenant-ü", "  GRÖSSE\u3000", "1.0.0-rc.1+build.5") == "pkg-cd94f930-91d7-5dd6-b101-d53865a79478"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("employee onboarding", "2.1.0"),
        ("EMPLOYEE ONBOARDING", "2.1.0"),
        ("  Employee Onboarding ", "2.1.0"),
        ("\u3000Employee Onboarding\u00a0", "2.1.0"),
        ("Employee Onboarding", "2.1.0+build.7"),
        ("Employee Onboarding", "2.1.0+other"),
    ],
)
def test_case_surrounding_whitespace_and_build_metadata_are_ignored(name: str, version: str) -> None:
    assert package_id(TENANT, name, version) == package_id(TENANT, "Employee Onboarding", "2.1.0")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Caf\u00e9", "Cafe\u0301"),
        ("STRASSE", "straße"),
        ("\u212bngström", "ångström"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("\u1fb4", "\u03b1\u0345\u0301"),
        ("\ud55c", "\u1112\u1161\u11ab"),
    ],
    ids=ascii,
)
def test_equivalent_spellings_of_a_name_are_the_same(one: str, other: str) -> None:
    assert package_id(TENANT, one, "1.0.0") == package_id(TENANT, other, "1.0.0")


@pytest.mark.parametrize(
    ("tenant", "name", "version"),
    [
        ("tenant-7F3A9B12", "Suite", "2.1.0"),
        ("tenant-7f3a9b12 ", "Suite", "2.1.0"),
        (TENANT, "Suites", "2.1.0"),
        (TENANT, "Su ite", "2.1.0"),
        (TENANT, "Suite", "2.1.1"),
        (TENANT, "Suite", "2.1.0-rc.1"),
        (TENANT, "Suite 2.1.0", ""),
        (f"{TENANT} Suite", "", "2.1.0"),
        (f'{TENANT}", "Suite', "", "2.1.0"),
    ],
)
def test_any_other_difference_makes_a_different_package(tenant: str, name: str, version: str) -> None:
    assert package_id(tenant, name, version) != package_id(TENANT, "Suite", "2.1.0")


def test_prereleases_that_differ_in_case_are_different_versions() -> None:
    assert package_id(TENANT, "a", "1.0.0-RC") != package_id(TENANT, "a", "1.0.0-rc")


@given(st.text(), st.text(), st.text())
def test_a_package_id_is_a_uuid_of_version_5_with_a_prefix(tenant: str, name: str, version: str) -> None:
    prefix, _, rest = package_id(tenant, name, version).partition("-")

    assert prefix == "pkg"
    assert str(uuid.UUID(rest)) == rest
    assert uuid.UUID(rest).version == 5


@given(st.text(), st.sampled_from(["NFC", "NFD"]), st.text(" \t\u00a0\u3000"))
def test_unicode_composition_and_surrounding_whitespace_are_ignored(name: str, form: str, whitespace: str) -> None:
    changed = whitespace + unicodedata.normalize(form, name) + whitespace  # type: ignore[arg-type]

    assert normalized_name(changed) == normalized_name(name)


@given(st.text())
def test_normalizing_twice_changes_nothing(name: str) -> None:
    assert normalized_name(normalized_name(name)) == normalized_name(name)


@given(st.text())
def test_case_is_ignored_where_case_folding_is_reversible(name: str) -> None:
    composed = unicodedata.normalize("NFC", name)
    assume(composed.upper().casefold() == composed.casefold())

    assert normalized_name(composed.upper()) == normalized_name(name)


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_equal_ids_mean_equal_packages(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (package_id(*one) == package_id(*other)) is (identity(*one) == identity(*other))


def identity(tenant: str, name: str, version: str) -> tuple[str, str, str]:
    return tenant, normalized_name(name), version.partition("+")[0]
