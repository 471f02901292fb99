"""The usage subject of a token: the tenant or set of tenants that its requests are counted for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from installhub.identity.usage_keys import usage_subject
from tests.strategies import ids


def test_a_single_tenant_is_the_usage_subject() -> None:
    assert usage_subject(["tenant-a"]) == "tenant:tenant-a"


def test_without_tenants_there_is_no_usage_subject() -> None:
    assert usage_subject([]) is None


@given(st.lists(ids, min_size=2, max_size=4, unique=True))
def test_a_set_of_tenants_is_the_same_usage_subject_in_any_order(tenants: list[str]) -> None:
    assert usage_subject(tenants) == usage_subject(sorted(tenants))


@given(st.sets(st.frozensets(ids, min_size=1, max_size=3), min_size=2, max_size=5))
def test_different_sets_are_different_usage_subjects(sets: set[frozenset[str]]) -> None:
    assert len({usage_subject(sorted(tenants)) for tenants in sets}) == len(sets)


@given(st.lists(ids, min_size=1, max_size=4, unique=True))
def test_a_usage_subject_fits_into_a_table_key(tenants: list[str]) -> None:
    assert len((usage_subject(tenants) or "").encode()) <= 2048


def test_a_tenant_cannot_pose_as_a_set() -> None:
    both = usage_subject(["a", "b"])

    assert usage_subject([str(both)]) != both
    assert usage_subject([str(both).removeprefix("tenants:")]) != both
