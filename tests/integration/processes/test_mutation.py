"""The mutation testing tool: its mutants, their keys, and the explanations of survivors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.mutation.mutants import Change, Mutant, generate_mutants
from tools.mutation.results import Explanation, RoomResult, Status, evaluate, read_explanations
from tools.mutation.runner import SOURCES, Room
from tools.mutation.source_operators import Edit, generate_edits

PROJECT = Path(__file__).parents[3]
SURVIVORS = PROJECT / "tools" / "mutation" / "survivors.toml"
ROOMS = tomllib.loads((PROJECT / "tools" / "mutation" / "rooms.toml").read_text(encoding="utf-8"))


def replacements(source: str) -> set[str]:
    return {mutant.replacement for mutant in generate_mutants("module.py", source)}


def mutant(original: str = "a = 1", replacement: str = "a = 2", file: str = "module.py") -> Mutant:
    return Mutant(file, 1, "", original, replacement, "NumberReplacer", replacement)


def explained(*changes: tuple[str, str], file: str = "module.py") -> Explanation:
    return Explanation(file, "", changes, "It makes no difference.")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = {'a', 'b'}", {"x = {'b'}", "x = {'a'}", "x = {'XXa', 'b'}", "x = {'a', 'XXb'}"}),
        ("x = {a: b, **c}", {"x = {**c}", "x = {a: b}"}),
        ("x = f(a, b, c=d)", {"x = f(a, b)"}),
        ("x = f(*a, b=c, **d)", {"x = f(*a, **d)", "x = f(*a, b=c)"}),
        ("x.y = z", {"pass"}),
        ("x += y", {"pass"}),
        ("x()", {"pass"}),
        ("x.setdefault(y, z)", {"pass", "x.update({y: z})"}),
        ("x = min(a, b)", {"x = max(a, b)"}),
        ("x = a.fullmatch(b)", {"x = a.match(b)"}),
        ("x = a in b", {"x = a not in b"}),
        ("x = a not in b", {"x = a in b"}),
        ("x = [a for a in b if a]", {"x = [a for a in b if not (a)]"}),
        ("try: x = y\nexcept (a.b, c): x = z", {"except (): x = z", "except (a.b,): x = z", "except (c,): x = z"}),
        ("x = b'a'", {"x = b'XXa'"}),
        ("x = ('ü', a)", {"x = ('ü',)", "x = (a,)", "x = ('XXü', a)"}),
    ],
)
def test_operators_generate_the_expected_changes(source: str, expected: set[str]) -> None:
    assert replacements(source) == expected


def test_return_values_are_replaced_by_none() -> None:
    assert replacements("def f():\n    return g\n") == {"return None"}
    assert replacements("def f():\n    return\n") == {"pass"}
    assert replacements("def f():\n    return None\n") == {"pass"}


def test_the_wording_of_an_exception_is_not_changed() -> None:
    assert replacements("raise A('b')") == {"pass"}


@pytest.mark.parametrize(
    "source",
    [
        '"""What it is for."""',
        "x: 'T' = y",
        "def f(x: 'T' = y) -> 'T': ...",
        "@f(x=y)\nclass A: ...",
        "from a import b",
        "if TYPE_CHECKING:\n    x()",
        "__all__ = ['a', 'b']",
        "x = cast('T', y)",
        "T = Callable[['A'], 'B']",
        "x = f'{y} is {min(z)}'",
    ],
)
def test_code_without_effect_at_run_time_is_not_changed(source: str) -> None:
    assert replacements(source) == set()


def test_an_asterisk_before_keyword_only_parameters_is_not_a_multiplication() -> None:
    source = "def f(a=2 * b, *, c): ...\n"
    marker, product = source.index("*, c"), source.index("* b")
    changes = [Change("Mul_Div", 1, place, f"{source[:place]}/{source[place + 1 :]}") for place in (marker, product)]

    assert [found.replacement for found in generate_mutants("module.py", source, changes)] == [
        "def f(a=2 / b, *, c): ..."
    ]


def test_invalid_code_and_duplicates_are_omitted() -> None:
    changes = [Change("any", 1, 0, code) for code in ("x = = 1\n", "x = 1\n", "x = 2\n", "x = 2\n")]

    assert [found.code for found in generate_mutants("module.py", "x = 1\n", changes)] == ["x = 2\n"]


def test_a_key_depends_on_lines_and_scope_but_not_on_line_numbers() -> None:
    source = "class A:\n    def f(self):\n        x(\n            a=1,\n            b=2,\n        )\n"
    one = next(found for found in generate_mutants("m.py", source) if found.kind == "drop argument")
    moved = next(found for found in generate_mutants("m.py", f"\n\n{source}") if found.kind == "drop argument")

    assert one.key == moved.key
    assert (one.scope, one.line, moved.line) == ("A.f", 4, 6)
    assert one.rank == moved.rank


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_an_edit_changes_only_its_part(before: str, part: str, after: str, text: str) -> None:
    start = len(before.encode())

    assert Edit("any", start, start + len(part.encode()), text).apply(before + part + after) == before + text + after


def test_every_edit_changes_the_source() -> None:
    source = (PROJECT / "tools" / "mutation" / "source_operators.py").read_text(encoding="utf-8")
    found = list(generate_edits(source))

    assert len(found) > 100
    assert all(edit.apply(source) != source for edit in found)


def test_an_unexplained_survivor_is_reported() -> None:
    result = RoomResult("room", [mutant()], [(mutant(), Status.SURVIVED)])

    assert evaluate([result], []).survivors == (mutant(),)
    assert evaluate([result], [explained(("a = 1", "a = 2"))]).survivors == ()
    assert evaluate([result], [explained(("a = 1", "a = 3"))]).survivors == (mutant(),)


def test_of_two_mutants_with_the_same_lines_only_the_survivor_is_reported() -> None:
    one, other = mutant(), replace(mutant(), line=9)
    result = RoomResult("room", [one, other], [(one, Status.KILLED), (other, Status.SURVIVED)])

    assert evaluate([result], []).survivors == (other,)


@pytest.mark.parametrize("status", [Status.KILLED, Status.TIMED_OUT])
def test_the_explanation_of_a_killed_mutant_is_stale(status: Status) -> None:
    verdict = evaluate([RoomResult("room", [mutant()], [(mutant(), status)])], [explained(("a = 1", "a = 2"))])

    assert verdict.survivors == ()
    assert verdict.stale == ("module.py, the module: a = 1 -> a = 2: killed by a test",)


def test_an_explanation_without_a_mutant_is_stale_if_its_file_was_tested() -> None:
    result = RoomResult("room", [mutant()])
    gone = ("a = 1", "a = 3")

    assert evaluate([result], [explained(gone)]).stale == ("module.py, the module: a = 1 -> a = 3: no such mutant",)
    assert evaluate([result], [explained(gone, file="another_room.py")]).stale == ()


def test_the_explanation_of_an_untested_mutant_is_not_stale() -> None:
    assert evaluate([RoomResult("room", [mutant()])], [explained(("a = 1", "a = 2"))]).stale == ()


@pytest.mark.parametrize(
    "entry",
    [
        'file = "a.py"\nin = "f"\nchanges = [["a", "b"]]',
        'file = "a.py"\nin = "f"\nchanges = [["a", "b"]]\nreason = " "',
        'file = "a.py"\nin = "f"\nchanges = []\nreason = "why"',
        'file = "a.py"\nin = "f"\nchanges = [["a"]]\nreason = "why"',
        'file = "a.py"\nin = "f"\nchanges = [["a", "b"]]\nreason = "why"\nline = 3',
    ],
)
def test_an_invalid_explanation_is_refused(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "survivors.toml"
    file.write_text(f"[[survivors]]\n{entry}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"explained survivors need|not enough values"):
        read_explanations(file)


def test_every_explained_line_exists() -> None:
    package = PROJECT / "layers" / "installhub" / "src" / "installhub"
    for explanation in read_explanations(SURVIVORS):
        lines = " ".join(line.strip() for line in (package / explanation.file).read_text("utf-8").splitlines())
        assert [original for original, _ in explanation.changes if original not in lines] == []


def run_on_server(folder: Path, content: str, seconds: float) -> tuple[int | None, float]:
    """Return exit code and seconds from the server for a test with this content."""
    (folder / "test_it.py").write_text(f"def test_it():\n    {content}\n", encoding="utf-8")
    request = {"arguments": ["-q", "test_it.py"], "seconds": seconds, "output": str(folder / "output")}
    result = subprocess.run(
        [sys.executable, "-m", "tools.mutation.server", "pytest"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    ready, response = map(json.loads, result.stdout.splitlines())
    assert ready == "ready"
    return response["code"], response["seconds"]


@pytest.mark.parametrize(
    ("content", "code", "summary"), [("assert True", 0, "1 passed"), ("assert False", 1, "1 failed")]
)
def test_the_server_returns_exit_codes_and_keeps_outputs(tmp_path: Path, content: str, code: int, summary: str) -> None:
    assert run_on_server(tmp_path, content, seconds=60)[0] == code
    assert summary in (tmp_path / "output").read_text(encoding="utf-8")


def test_the_server_stops_tests_at_the_timeout(tmp_path: Path) -> None:
    code, seconds = run_on_server(tmp_path, "while True: pass", seconds=1)

    assert code is None
    assert 1 <= seconds < 10


@pytest.mark.parametrize("room", ROOMS["rooms"])
def test_everything_named_in_a_room_exists(room: str) -> None:
    package = PROJECT / SOURCES / ROOMS["package"]
    fields = ROOMS["rooms"][room]

    assert [name for name in fields["code"] if not (package / name).exists()] == []
    single = [name for name in fields["tests"] if "::" in name]
    assert [name for name in fields["tests"] if name not in single and not (PROJECT / name).exists()] == []
    for name in (*single, *fields.get("slow", [])):
        file, _, function = name.partition("::")
        assert name in single or file in fields["tests"]
        assert f"def {function}(" in (PROJECT / file).read_text(encoding="utf-8")


def test_slow_tests_are_deselected() -> None:
    room = Room("room", ("code",), ("tests/a", "tests/b"), ("tests/b::test_it",))

    assert room.selection == ["tests/a", "tests/b", "--deselect=tests/b::test_it"]
