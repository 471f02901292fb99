"""Fixtures for tests with an in-memory AWS account that is built from template.yaml."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import boto3
import botocore.endpoint
import moto.s3.models
import pytest
from moto import mock_aws

from installhub.artifacts import items
from installhub.packages import bundle_store
from installhub.runtime import aws_errors
from tests.integration.support import engines
from tests.integration.support.api import Api
from tests.integration.support.artifact_api import ArtifactApi
from tests.integration.support.engines import CatalogTable, Engine
from tests.integration.support.functions import Functions
from tests.integration.support.quick_moto import quick_moto
from tests.integration.support.wire import Wire
from tests.integration.support.world import REGION, World, load_samples, new_world, reset_clients
from tools.reliability import Figure

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_OUTCOMES = pytest.StashKey[Counter[tuple[str, str]]]()


@pytest.fixture(autouse=True, scope="session")
def _isolated_credentials() -> Iterator[None]:
    """Ignore the machine's AWS configuration."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ACCESS_KEY_ID", "none")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield


@pytest.fixture(autouse=True, scope="session")
def _quick_moto() -> Iterator[None]:
    with quick_moto():
        yield


@pytest.fixture(scope="session")
def engine_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """The engine that emulates AWS; tests run on each of :data:`engines.ENGINES`."""
    kind: str = getattr(request, "param", engines.MOTO)
    if reason := engines.unavailable_reason(kind):
        pytest.skip(reason)
    with engines.run_engine(kind):
        yield kind


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine_kind" in metafunc.fixturenames and len(engines.ENGINES) > 1:
        metafunc.parametrize("engine_kind", engines.ENGINES, indirect=True, scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count the outcomes of the tests per engine."""
    report = yield
    if hasattr(item, "callspec") and (report.when == "call" or report.failed):
        kind = str(item.callspec.params.get("engine_kind", ""))
        item.config.stash.setdefault(_OUTCOMES, Counter())[kind, report.outcome] += 1
    return report


@pytest.fixture(autouse=True, scope="session")
def _engine_figures(request: pytest.FixtureRequest, figures: list[Figure]) -> Iterator[None]:
    """Record a figure for each engine on which all tests passed."""
    yield
    outcomes = request.config.stash.get(_OUTCOMES, Counter[tuple[str, str]]())
    passed = {kind: outcomes[kind, "passed"] for kind in engines.ENGINES}
    for kind, count in passed.items():
        if len(engines.ENGINES) > 1 and count and outcomes[kind, "failed"] == 0:
            figures.append(Figure("judges", kind, f"{count} of {count} tests passed", engines.ENGINE_SERVICES[kind]))


@pytest.fixture(scope="module")
def _mocked_aws(engine_kind: str) -> Iterator[None]:  # noqa: ARG001  # must run first
    """Mock AWS once per module, which speeds up the creation of worlds."""
    with mock_aws():
        yield


@pytest.fixture
def world(_mocked_aws: None) -> Iterator[World]:
    """A newly deployed stack."""
    with new_world() as deployed:
        yield deployed


@pytest.fixture
def sample_world(world: World) -> World:
    """A stack with the two sample tenants."""
    load_samples(world)
    return world


@pytest.fixture
def wire(world: World) -> Iterator[Wire]:
    """Intercepts the calls of the code under test."""
    wire = Wire(world.dynamodb, world.s3, world.kms)
    yield wire
    wire.remove()
    if wire.was_retried:
        reset_clients()


@pytest.fixture
def functions(world: World) -> Functions:
    return Functions(world.deployment)


@pytest.fixture
def api(sample_world: World) -> Api:
    """The API with the sample tenants."""
    return Api(Functions(sample_world.deployment))


@pytest.fixture
def artifacts(functions: Functions) -> ArtifactApi:
    """The routes of artifacts, in an empty stack."""
    return ArtifactApi(functions)


@pytest.fixture
def small_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store definitions over 8 KiB in S3."""
    monkeypatch.setattr(items, "MAX_INLINE_BYTES", 8 * 1024)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Upload bundles over 16 KiB in parts."""
    monkeypatch.setattr(bundle_store, "_MIN_PART_BYTES", 16 * 1024)
    monkeypatch.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Retry without delay; returns the delays that were skipped."""
    delays: list[float] = []

    class _Clock:
        sleep = staticmethod(delays.append)

    monkeypatch.setattr(botocore.endpoint, "time", _Clock)
    monkeypatch.setattr(aws_errors, "time", _Clock)
    return delays


@pytest.fixture(scope="module")
def dynamodb_engine(engine_kind: str) -> Iterator[Engine]:
    """The DynamoDB engine."""
    with engines.open_engine(engine_kind) as engine:
        yield engine


@pytest.fixture
def catalog_table(dynamodb_engine: Engine) -> Iterator[CatalogTable]:
    """A new artifacts table."""
    with dynamodb_engine.catalog_table() as table:
        yield table


@pytest.fixture
def catalog_wire(catalog_table: CatalogTable) -> Iterator[Wire]:
    """Intercepts the calls of the catalog."""
    wire = Wire(catalog_table.client)
    yield wire
    wire.remove()
