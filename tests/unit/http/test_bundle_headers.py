"""File names in Content-Disposition, and entity tags."""

from __future__ import annotations

import re
from email.message import Message
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installhub.http.bundle_headers import content_disposition, entity_tag
from installhub.http.entity_tags import is_not_modified
from tests.builders import record
from tests.strategies import printable_texts

# The subset of RFC 6266, 4.1 that the service uses: a quoted filename, and optionally a filename* by RFC 8187.
DISPOSITION = re.compile(
    r"attachment; filename=\"(?P<plain>[\x20\x21\x23-\x5b\x5d-\x7e]*)\""
    r"(; filename\*=UTF-8''(?P<real>(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})*))?"
)


def parsed(header: str) -> tuple[str, str | None]:
    """Return the two names in a header, after strict parsing."""
    match = DISPOSITION.fullmatch(header)
    assert match is not None, header
    real = match["real"]
    return match["plain"], None if real is None else unquote_to_bytes(real).decode()


@pytest.mark.parametrize(
    ("name", "plain", "real"),
    [
        ("Employee Onboarding", "employee-onboarding-2.1.0.zip", None),
        ("employee_onboarding", "employee-onboarding-2.1.0.zip", None),
        ("  A  b  ", "a-b-2.1.0.zip", None),
        ('"; filename=evil.exe; x="', "filename-evil-exe-x-2.1.0.zip", None),
        ("..\\..\\windows", "windows-2.1.0.zip", None),
        ("../../etc/passwd", "etc-passwd-2.1.0.zip", None),
        ("100%", "100-2.1.0.zip", None),
        ("???", "package-2.1.0.zip", None),
        ("Größe", "groe-2.1.0.zip", "Größe-2.1.0.zip"),
        ("Éclair à la crème", "eclair-a-la-creme-2.1.0.zip", "Éclair à la crème-2.1.0.zip"),
        ("従業員", "package-2.1.0.zip", "従業員-2.1.0.zip"),
        ("入社 Suite", "suite-2.1.0.zip", "入社 Suite-2.1.0.zip"),
        ("🚀", "package-2.1.0.zip", "🚀-2.1.0.zip"),
        ("e\u0301", "e-2.1.0.zip", "e\u0301-2.1.0.zip"),
        ("é/../x\\y", "e-x-y-2.1.0.zip", "é-..-x-y-2.1.0.zip"),
        ("é';\"%,*", "e-2.1.0.zip", "é';\"%,*-2.1.0.zip"),
        ("\u3000é ", "e-2.1.0.zip", "é-2.1.0.zip"),
        ("x" * 100, "x" * 100 + "-2.1.0.zip", None),
        ("a" * 99 + " b", "a" * 99 + "-2.1.0.zip", None),
    ],
)
def test_the_file_name_consists_of_name_and_version(name: str, plain: str, real: str | None) -> None:
    assert parsed(content_disposition(record(name=name))) == (plain, real)


def test_a_version_with_build_metadata_and_prerelease_is_unchanged() -> None:
    assert parsed(content_disposition(record(name="é", version="1.0.0-rc.1+build.5"))) == (
        "e-1.0.0-rc.1+build.5.zip",
        "é-1.0.0-rc.1+build.5.zip",
    )


@given(printable_texts | st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=100))
def test_the_header_of_any_name_can_be_parsed(name: str) -> None:
    header = content_disposition(record(name=name))

    plain, real = parsed(header)
    assert header.isascii()
    assert re.fullmatch(r"[a-z0-9-]+-2\.1\.0\.zip", plain)
    assert (real is None) is name.isascii()
    assert real is None or not {"/", "\\"} & set(real)


@given(printable_texts)
def test_the_parser_of_the_standard_library_finds_the_real_name(name: str) -> None:
    header = content_disposition(record(name=f"é{name}"))
    message = Message()
    message["Content-Disposition"] = re.sub(r' filename="[^"]*";', "", header)  # because it would take precedence

    assert message.get_content_disposition() == "attachment"
    assert message.get_filename() == re.sub(r"[/\\]", "-", f"é{name}").strip() + "-2.1.0.zip"


TAG = '"sha256-abc"'


@pytest.mark.parametrize(
    ("if_none_match", "unchanged"),
    [
        (None, False),
        ("", False),
        (TAG, True),
        (f"W/{TAG}", True),
        (f'"x", {TAG}', True),
        (f'{TAG},"x"', True),
        (f'W/"x" , W/{TAG} ', True),
        ("*", True),
        (" * ", True),
        ('"x"', False),
        ('W/"x"', False),
        ("sha256-abc", False),
        ('"sha256-ab"', False),
        ('"SHA256-ABC"', False),
        ('"*"', False),
        (f"w/{TAG}", False),
    ],
)
def test_if_none_match_uses_weak_comparison(if_none_match: str | None, unchanged: bool) -> None:  # noqa: FBT001
    assert is_not_modified(TAG, if_none_match) is unchanged


def test_an_entity_tag_is_strong_and_contains_the_checksum() -> None:
    tag = entity_tag(record(bundle=b"abc"))

    assert re.fullmatch(r'"[\x21\x23-\x7e]+"', tag), "RFC 9110, 8.8.3"
    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in tag
    assert tag != entity_tag(record(bundle=b"abd"))
