"""What a function imports at its start: only what it uses, since every import costs cold start."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

import pytest

FUNCTIONS: Final = Path(__file__).parents[3] / "functions"

# Libraries that cost milliseconds; what a function does not need at its start, it imports when it needs it, if ever.
COSTLY: Final = frozenset({"boto3", "cryptography", "deflate", "jwt", "pydantic", "pydantic_core", "semver"})

COMMON: Final = {"model", "runtime", "composition"}

# By function: the packages of the layer, apart from the common ones, and the costly libraries that it imports.
IMPORTS: Final[dict[str, tuple[set[str], set[str]]]] = {
    "announce": ({"bundler", "contract", "events", "packages"}, set()),
    "authorizer": ({"identity"}, set()),
    "download": ({"bundler", "contract", "http", "identity", "packages"}, set()),
    "enroll": ({"identity"}, set()),
    "export": (
        {"artifacts", "bundler", "contract", "exports", "http", "identity", "packages", "resolver"},
        {"deflate", "pydantic_core"},
    ),
    "export_worker": (
        {"artifacts", "bundler", "contract", "events", "exports", "packages", "resolver"},
        {"deflate", "pydantic_core"},
    ),
    "get_package": ({"bundler", "contract", "http", "identity", "packages"}, {"deflate"}),
    "preview": (
        {"artifacts", "bundler", "contract", "exports", "http", "identity", "packages", "resolver"},
        {"pydantic_core"},
    ),
    "sweep": ({"bundler", "contract", "events", "exports", "packages"}, set()),
}

PROGRAM: Final = "import json, sys; import app; print(json.dumps(sorted(sys.modules)))"

every_function = pytest.mark.parametrize("function", IMPORTS)


@cache
def imported_by(function: str) -> frozenset[str]:
    """The modules in memory once a fresh process has imported the function."""
    run = subprocess.run(  # noqa: S603  # this very interpreter
        [sys.executable, "-c", PROGRAM], cwd=FUNCTIONS / function, capture_output=True, text=True, check=True
    )
    return frozenset(json.loads(run.stdout))


def test_the_table_names_every_function() -> None:
    assert IMPORTS.keys() == {folder.parent.name for folder in FUNCTIONS.glob("*/app.py")}


@every_function
def test_a_function_imports_the_packages_it_uses_and_no_others(function: str) -> None:
    packages = {name.split(".")[1] for name in imported_by(function) if name.startswith("installhub.")}

    assert packages == COMMON | IMPORTS[function][0]


@every_function
def test_a_function_imports_the_costly_libraries_it_uses_and_no_others(function: str) -> None:
    assert imported_by(function) & COSTLY == IMPORTS[function][1]
