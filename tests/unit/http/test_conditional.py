"""The preconditions in ``If-Match`` and ``If-None-Match`` of writes (RFC 9110, 13)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.http.conditional import write_precondition
from installhub.http.entity_tags import is_not_modified, quoted_tag
from installhub.http.request import Request
from installhub.model.errors import ErrorCode, InstallHubError
from installhub.model.precondition import Precondition
from tests.builders import event, node, request

CURRENT = node("rule")
TAG = quoted_tag(CURRENT.revision)
OTHER = quoted_tag(replace(CURRENT, name="Other").revision)


def precondition(**headers: str) -> Precondition:
    return write_precondition(request(headers={name.replace("_", "-"): value for name, value in headers.items()}))


def holds(required: Precondition, *, exists: bool = True) -> bool:
    try:
        required.check(CURRENT.revision if exists else None, "artifact")
    except InstallHubError as error:
        return error.code is not ErrorCode.PRECONDITION_FAILED
    return True


def test_a_request_without_conditions_requires_nothing() -> None:
    assert precondition() == Precondition()
    assert holds(Precondition())
    assert holds(Precondition(), exists=False)


@pytest.mark.parametrize(
    ("value", "if_current", "if_missing"),
    [
        (TAG, True, False),
        (OTHER, False, False),
        (f"{OTHER}, {TAG}", True, False),
        (f"{OTHER} ,\t{TAG} ", True, False),
        ('"a,b", ' + TAG, True, False),
        (f"W/{TAG}", False, False),
        (f"W/{TAG}, {TAG}", True, False),
        ('""', False, False),
        (TAG.upper(), False, False),
        ("*", True, False),
        (" * ", True, False),
    ],
)
def test_if_match_compares_strongly(value: str, if_current: bool, if_missing: bool) -> None:  # noqa: FBT001  # parameters
    required = precondition(If_Match=value)

    assert (holds(required), holds(required, exists=False)) == (if_current, if_missing)


@pytest.mark.parametrize(
    ("value", "if_current"),
    [(TAG, False), (f"W/{TAG}", False), (OTHER, True), (f"{OTHER},{TAG}", False), ("*", False), ('""', True)],
)
def test_if_none_match_compares_weakly_and_allows_creation(value: str, if_current: bool) -> None:  # noqa: FBT001  # parameter
    required = precondition(If_None_Match=value)

    assert (holds(required), holds(required, exists=False)) == (if_current, True)


def test_both_conditions_must_hold() -> None:
    assert holds(precondition(If_Match=TAG, If_None_Match=OTHER))
    assert not holds(precondition(If_Match=TAG, If_None_Match=TAG))
    assert not holds(precondition(If_Match=OTHER, If_None_Match=OTHER))
    assert not holds(precondition(If_Match="*", If_None_Match="*"))


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize(
    "value",
    [
        *("", "  ", ",", CURRENT.revision, f'"{CURRENT.revision}', f"w/{TAG}", f"{TAG} {TAG}", f"{TAG}, *", "*, *"),
        *("'a'", '"é€"', '"a b"', '"a"b"', "W/", "None", '"\x7f"'),
    ],
    ids=ascii,
)
def test_a_malformed_condition_is_invalid(header: str, value: str) -> None:
    with pytest.raises(InstallHubError) as refusal:
        write_precondition(request(headers={header: value}))

    assert (refusal.value.code, header in refusal.value.problems[0].detail) == ("InvalidRequest", True)


@pytest.mark.parametrize("value", [f"{TAG},", f",{TAG}", f", {OTHER},, {TAG} , "])
def test_empty_elements_of_a_list_are_ignored(value: str) -> None:
    """RFC 9110, 5.6.1.2."""
    assert holds(precondition(If_Match=value))


def test_a_header_on_several_lines_is_one_list() -> None:
    lines = event(headers={"if-match": TAG})
    lines["multiValueHeaders"] = {"if-match": [OTHER, TAG]}

    assert holds(write_precondition(Request(lines)))


@given(st.text(max_size=60) | st.text('W/", *a', max_size=40))
def test_any_header_is_read_or_refused(value: str) -> None:
    try:
        holds(precondition(If_Match=value, If_None_Match=value))
    except InstallHubError as error:
        assert error.code == "InvalidRequest"  # noqa: PT017  # only some values are refused


@pytest.mark.parametrize("value", [TAG, f"W/{TAG}", f"{OTHER}, {TAG}", "*", f' {OTHER} , W/{TAG}, "x"'])
def test_a_client_with_the_current_revision_need_not_read_it_again(value: str) -> None:
    assert is_not_modified(TAG, value)


@pytest.mark.parametrize("value", [None, "", OTHER, CURRENT.revision, f'"x{TAG[1:]}'])
def test_a_client_with_another_revision_reads_the_current_one(value: str | None) -> None:
    assert not is_not_modified(TAG, value)
