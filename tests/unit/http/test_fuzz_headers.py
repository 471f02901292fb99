"""Arbitrary header values: parsed without errors, and as by independent implementations of the RFCs."""

from __future__ import annotations

import re
from email.message import Message
from email.utils import decode_rfc2231
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.http.bundle_headers import content_disposition, entity_tag
from installhub.http.entity_tags import is_not_modified
from installhub.http.headers import expected_plans, idempotency_key, prefers_async
from installhub.http.request import Request
from installhub.model.errors import ErrorCode, InstallHubError
from tests.builders import record
from tests.strategies import printable_texts

lines = st.text(max_size=300) | st.text(st.sampled_from('respond-async,;=" \tRESPOND*W/\\'), max_size=60)
values = st.lists(lines, max_size=4)
tokens = st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)
etags = st.from_regex(r"[\x21\x23-\x7e]{0,20}", fullmatch=True)
spaces = st.sampled_from(["", " ", "\t", "  "])


def request_with(name: str, *lines: str) -> Request:
    return Request({"headers": {name: lines[-1]} if lines else {}, "multiValueHeaders": {name: list(lines)}})


@given(values)
def test_any_prefer_header_is_parsed(lines: list[str]) -> None:
    assert prefers_async(request_with("prefer", *lines)) in (True, False)


@given(st.lists(tokens, max_size=4), st.lists(tokens, max_size=4), spaces)
def test_respond_async_is_found_among_other_preferences(before: list[str], after: list[str], space: str) -> None:
    others = [name for name in (*before, *after) if name.lower() != "respond-async"]
    header = f"{space},{space}".join([*before, "Respond-Async", *after])

    assert prefers_async(request_with("PREFER", header))
    assert prefers_async(request_with("Prefer", *before, "respond-async; wait=10", *after))
    assert not prefers_async(request_with("Prefer", ",".join(others)))


@given(values)
def test_any_idempotency_key_is_accepted_or_refused(lines: list[str]) -> None:
    key, code = None, None
    try:
        key = idempotency_key(request_with("Idempotency-Key", *lines))
    except InstallHubError as refusal:
        code = refusal.code

    if code is None:
        assert (key is None) is (not lines)
        assert key is None or (key.isascii() and key.isprintable() and 1 <= len(key) <= 255)
    else:
        assert (code, bool(lines)) == (ErrorCode.INVALID_REQUEST, True)


@given(st.from_regex(r"[!#-\[\]-~]{1,255}", fullmatch=True), spaces)
def test_a_key_is_the_same_with_quotes_and_without(key: str, space: str) -> None:
    for line in (key, f'"{key}"', f"{space}{key}{space}", f'{space}"{key}"{space}'):
        assert idempotency_key(request_with("idempotency-key", line)) == key


@given(st.from_regex(r"[!#-\[\]-~]{1,255}", fullmatch=True))
def test_two_idempotency_keys_are_refused(key: str) -> None:
    with pytest.raises(InstallHubError):
        idempotency_key(request_with("Idempotency-Key", key, key))


@given(lines)
def test_any_if_none_match_header_is_parsed(header: str) -> None:
    assert is_not_modified(entity_tag(record()), header) is (
        any(part.strip() == "*" for part in header.split(",")) or entity_tag(record()) in header
    )


@given(st.lists(st.builds('{}"{}"'.format, st.sampled_from(["", "W/"]), etags), max_size=5), spaces, st.booleans())
def test_a_tag_matches_a_list_if_and_only_if_it_is_in_it(tags: list[str], space: str, is_listed: bool) -> None:  # noqa: FBT001
    tag = entity_tag(record())
    header = f"{space},{space}".join([*tags, tag] if is_listed else tags)

    assert is_not_modified(tag, header) is is_listed


@given(values)
def test_any_if_match_header_of_an_export_is_parsed_or_refused(lines: list[str]) -> None:
    code: ErrorCode | None = None
    plans: tuple[str, ...] | None = None
    try:
        plans = expected_plans(request_with("if-match", *lines))
    except InstallHubError as refusal:
        code = refusal.code

    assert code in (None, ErrorCode.INVALID_REQUEST)
    assert lines or (code, plans) == (None, None)


@given(st.lists(st.tuples(st.sampled_from(["", "W/"]), etags), min_size=1, max_size=5), spaces)
def test_the_expected_plans_are_the_strong_tags(tags: list[tuple[str, str]], space: str) -> None:
    header = f"{space},{space}".join(f'{weak}"{tag}"' for weak, tag in tags)

    assert expected_plans(request_with("If-Match", header)) == tuple(tag for weak, tag in tags if not weak)


def extended_filename(header: str) -> str | None:
    """Return the value of filename*, decoded by the standard library's RFC 2231, of which RFC 8187 is a profile."""
    match = re.search(r"; filename\*=(\S+)$", header)
    if match is None:
        return None
    charset, _, encoded = decode_rfc2231(match[1])
    return unquote(encoded, encoding=str(charset), errors="strict")


@given(printable_texts)
def test_a_name_is_recovered_from_content_disposition(name: str) -> None:
    header = content_disposition(record(name=name))
    message = Message()
    message["Content-Disposition"] = header

    assert message.get_content_disposition() == "attachment"
    assert not re.search(r"[\x00-\x1f\x7f]", header)
    real = extended_filename(header)
    assert (real is None) is name.isascii()
    if real is not None:
        assert real == re.sub(r"[/\\]", "-", name).strip() + "-2.1.0.zip"
    plain = re.search(r'; filename="([^"]*)"', header)
    assert plain is not None
    assert plain[1].endswith("-2.1.0.zip")
