"""The documentation check: wrong names of every kind are reported, and correct names pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.docs_check.inventory import Inventory
from tools.docs_check.references import mistakes_in

FILES = {
    "Makefile": 'up: ## start it   [PORT=4566]\n\t@start "$$PORT"\n',
    "template.yaml": "Parameters:\n  ExportRateLimit:\n    Type: Number\n",
    "docs/guide.md": "# Guide\n\n## How it works\n\n```sh\n# no heading\n```\n",
    "layers/installhub/src/installhub/__init__.py": "",
    "layers/installhub/src/installhub/packages/__init__.py": "",
    "layers/installhub/src/installhub/packages/store.py": (
        'LIMIT = 3\n\n\nclass PackageStore:\n    def find_package(self):\n        """Not the OldName."""\n'
    ),
    "tests/unit/test_store.py": "def test_a_package_is_found():\n    pass\n",
}

CORRECT = (
    "[guide](docs/guide.md), [part](docs/guide.md#how-it-works), [elsewhere](https://example.com/x)",
    "`make up`, `make up PORT=4567`, `ExportRateLimit`, `PackageStore`, `find_package()`",
    "`packages.store.PackageStore.find_package`, `installhub.packages.store`, `packages`, `packages.store.LIMIT`",
    "`packages/store.py`, `docs/`, `layers/installhub/`, `.local/log/x.log`, `bundles/some/key`",
    "`tests/unit/test_store.py::test_a_package_is_found`",
)

WRONG = {
    "[guide](docs/gide.md)": "the link leads nowhere: docs/gide.md",
    "[part](docs/guide.md#how-it-work)": "docs/guide.md has no heading #how-it-work; did you mean how-it-works?",
    "[comment](docs/guide.md#no-heading)": "docs/guide.md has no heading #no-heading",
    "`make upp`": "no target `make upp`; did you mean up?",
    "`make up PORTS=4567`": "`make up` takes no PORTS; did you mean PORT?",
    "`ExportRateLimits`": "no class, parameter or resource `ExportRateLimits`; did you mean ExportRateLimit?",
    "`OldName`": "no class, parameter or resource `OldName`",
    "`find_packages()`": "no function `find_packages()`; did you mean find_package?",
    "`packages.store.PackageStore.find`": "no module or name `packages.store.PackageStore.find` in the layer",
    "`packages.stores`": "no module or name `packages.stores` in the layer",
    "`packages/shop.py`": "no file or folder `packages/shop.py`",
    "`docs/missing`": "no file or folder `docs/missing`",
    "`tests/unit/test_store.py::test_gone`": "no test `tests/unit/test_store.py::test_gone`",
}


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    """Return the inventory of a small repository."""
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return Inventory(tmp_path, frozenset({*FILES, "README.md"}))


@pytest.mark.parametrize("text", CORRECT)
def test_existing_names_pass(inventory: Inventory, text: str) -> None:
    (inventory.root / "README.md").write_text(f"# Readme\n\n{text}\n")

    assert list(mistakes_in("README.md", inventory)) == []


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_missing_names_are_reported_with_their_line(inventory: Inventory, text: str, message: str) -> None:
    (inventory.root / "README.md").write_text(f"# Readme\n\nSee {text}.\n")

    assert [str(mistake) for mistake in mistakes_in("README.md", inventory)] == [f"README.md:3: {message}"]


def test_commands_in_blocks_are_checked_and_other_text_in_them_is_not(inventory: Inventory) -> None:
    (inventory.root / "README.md").write_text("```sh\nmake upp   # `OldName` and [x](nowhere)\n```\n")

    (mistake,) = mistakes_in("README.md", inventory)

    assert (mistake.line, mistake.text) == (2, "no target `make upp`; did you mean up?")


def test_links_are_relative_to_their_document(inventory: Inventory) -> None:
    (inventory.root / "docs" / "guide.md").write_text("[readme](../README.md) and [self](guide.md)\n")
    (inventory.root / "README.md").write_text("")

    assert list(mistakes_in("docs/guide.md", inventory)) == []
