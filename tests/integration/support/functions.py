"""Invokes the functions like Lambda: as separate modules, with the environment and role of the template."""

from __future__ import annotations

import copy
import itertools
import json
import os
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from installhub.runtime import telemetry
from tests.builders import FakeContext
from tests.integration.support.roles import role_of
from tests.integration.support.world import reset_composition

if TYPE_CHECKING:
    from types import ModuleType

    from tests.template import Deployment

PROJECT: Final = Path(__file__).parents[3]
_numbers = itertools.count(1)


def sample_event(name: str) -> dict[str, Any]:
    """Return a new copy of ``events/<name>.json``."""
    event: dict[str, Any] = json.loads((PROJECT / "events" / f"{name}.json").read_text())
    return event


@dataclass
class Functions:
    """The functions of a deployment, loaded on their first invocation."""

    deployment: Deployment
    _modules: dict[str, ModuleType] = field(default_factory=dict)
    _running: str = ""

    def invoke(self, name: str, event: dict[str, Any]) -> Any:  # noqa: ANN401  # any JSON value
        """Invoke the function in ``functions/<name>`` and return its result."""
        if name != self._running:
            self._start(name)
        environment = self.deployment.environment(name)
        metrics = telemetry.metrics.provider
        with (
            patch.dict(os.environ, environment),
            # These are read at import, which happens once per function in Lambda but only once in the tests.
            patch.object(metrics, "namespace", environment["POWERTOOLS_METRICS_NAMESPACE"]),
            patch.object(metrics, "service", environment["POWERTOOLS_SERVICE_NAME"]),
        ):
            if name not in self._modules:
                self._modules[name] = _load(name)
            with role_of(name, self.deployment):
                response = self._modules[name].handler(copy.deepcopy(event), FakeContext(f"installhub-{name}"))
        return json.loads(json.dumps(response))  # like Lambda

    def _start(self, name: str) -> None:
        reset_composition()
        self._running = name


def _load(name: str) -> ModuleType:
    spec = spec_from_file_location(f"function_{name}_{next(_numbers)}", PROJECT / "functions" / name / "app.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
