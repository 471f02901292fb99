"""Imports of the functions at startup: only what they use, since every import adds to the cold start."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

import pytest

FUNCTIONS: Final = Path(__file__).parents[3] / "functions"

# Libraries whose import takes milliseconds; functions that do not always need them import them on first use.
COSTLY: Final = frozenset({"boto3", "cryptography", "deflate", "jwt", "pydantic", "pydantic_core", "semver"})

COMMON: Final = {"model", "runtime", "composition"}

# By function: the packages of the layer that it imports, except the common ones, and the costly libraries.
IMPORTS: Final[dict[str, tuple[set[str], set[str]]]] = {
    "announce": ({"artifacts", "bundler", "contract", "events", "packages"}, set()),
    "authorizer": ({"identity"}, set()),
    "change_lifecycle": ({"artifacts", "bundler", "contract", "http", "identity", "packages"}, set()),
    "delete_artifact": ({"artifacts", "contract", "http", "identity", "resolver"}, {"deflate"}),
    "download": ({"bundler", "contract", "http", "identity", "packages"}, set()),
    "enroll": ({"identity"}, set()),
    "export": (
        {
            "artifacts",
            "attestations",
            "bundler",
            "contract",
            "exports",
            "http",
            "identity",
            "packages",
            "resolver",
            "verification",
        },
        {"deflate", "pydantic_core"},
    ),
    "export_worker": (
        {
            "artifacts",
            "attestations",
            "bundler",
            "contract",
            "events",
            "exports",
            "packages",
            "resolver",
            "verification",
        },
        {"deflate", "pydantic_core"},
    ),
    "get_artifact": ({"artifacts", "contract", "http", "identity"}, set()),
    "get_attestation": (
        {"attestations", "bundler", "contract", "http", "identity", "packages", "verification"},
        {"deflate"},
    ),
    "get_definition": ({"artifacts", "contract", "http", "identity"}, {"deflate"}),
    "get_diff": ({"bundler", "changes", "contract", "http", "identity", "packages"}, {"deflate"}),
    "get_graph": ({"bundler", "contract", "graphs", "http", "identity", "packages"}, {"deflate"}),
    "get_keys": ({"attestations", "contract", "http"}, set()),
    "get_package": ({"bundler", "contract", "http", "identity", "packages"}, {"deflate"}),
    "get_sbom": ({"bundler", "contract", "http", "identity", "packages"}, {"deflate"}),
    "preflight": ({"contract", "http"}, set()),
    "preview": (
        {"artifacts", "bundler", "contract", "exports", "graphs", "http", "identity", "packages", "resolver"},
        {"pydantic_core"},
    ),
    "index_packages": ({"bundler", "packages"}, {"deflate"}),
    "list_artifact_packages": ({"artifacts", "contract", "http", "identity", "packages"}, set()),
    "list_packages": ({"contract", "http", "identity", "packages"}, set()),
    "list_versions": ({"contract", "http", "identity", "packages"}, set()),
    "list_artifacts": ({"artifacts", "contract", "http", "identity"}, set()),
    "list_dependents": ({"artifacts", "contract", "http", "identity", "resolver"}, set()),
    "publish_artifacts": ({"artifacts", "contract", "http", "identity"}, {"deflate", "pydantic_core"}),
    "publish_worker": ({"artifacts", "contract", "events"}, {"deflate", "pydantic_core"}),
    "put_artifact": ({"artifacts", "contract", "http", "identity"}, {"deflate", "pydantic_core"}),
    "reclaim_keys": ({"identity"}, set()),
    "sweep": ({"attestations", "bundler", "contract", "events", "exports", "packages"}, set()),
}

PROGRAM: Final = "import json, sys; import app; print(json.dumps(sorted(sys.modules)))"

every_function = pytest.mark.parametrize("function", IMPORTS)


@cache
def imported_by(function: str) -> frozenset[str]:
    """Return the modules loaded in a new process after importing the function."""
    result = subprocess.run(  # noqa: S603  # fixed command
        [sys.executable, "-c", PROGRAM], cwd=FUNCTIONS / function, capture_output=True, text=True, check=True
    )
    return frozenset(json.loads(result.stdout))


def test_every_function_is_in_the_table() -> None:
    assert IMPORTS.keys() == {folder.parent.name for folder in FUNCTIONS.glob("*/app.py")}


@every_function
def test_a_function_imports_the_packages_it_uses_and_no_others(function: str) -> None:
    packages = {name.split(".")[1] for name in imported_by(function) if name.startswith("installhub.")}

    assert packages == COMMON | IMPORTS[function][0]


@every_function
def test_a_function_imports_the_costly_libraries_it_uses_and_no_others(function: str) -> None:
    assert imported_by(function) & COSTLY == IMPORTS[function][1]
